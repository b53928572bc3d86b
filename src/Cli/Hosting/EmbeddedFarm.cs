using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RenderFarm.Coordinator;
using RenderFarm.Coordinator.Access;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Hosting;
using RenderFarm.Worker;
using RenderFarm.Worker.Rendering.Supervision;

namespace RenderFarm.Cli.Hosting;

/// <summary>The whole farm in this process: SQLite, a bus in memory, pictures in a folder, one worker, loopback only.</summary>
internal sealed class EmbeddedFarm : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DataFolder _data;

    private EmbeddedFarm(WebApplication app, DataFolder data, Uri address, string key)
    {
        _app = app;
        _data = data;
        Address = address;
        Key = key;
    }

    /// <summary>Where its API and dashboard are.</summary>
    public Uri Address { get; }

    /// <summary>Its API key.</summary>
    public string Key { get; }

    /// <summary>Address that signs a browser in.</summary>
    public Uri SignInAddress => new(Address, $"login?key={Uri.EscapeDataString(Key)}");

    /// <summary>Starts it on a data folder, which nobody else may use meanwhile.</summary>
    /// <param name="folder">Where jobs and pictures are kept.</param>
    /// <param name="models">Folder whose subfolders and .safetensors files are models.</param>
    /// <param name="port">Port on 127.0.0.1; 0 takes a free one.</param>
    /// <param name="arguments">Settings from the command line, over those of the environment.</param>
    /// <param name="minimumLevel">What is logged to the console.</param>
    /// <param name="cancellationToken">Gives up the start.</param>
    public static async Task<EmbeddedFarm> StartAsync(
        string folder, string models, int port, string[] arguments, LogLevel minimumLevel, CancellationToken cancellationToken)
    {
        var data = DataFolder.Lock(folder);
        try
        {
            RequireFree(port);
            var key = KeyFile.ReadOrCreate(data.KeyFile);
            var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
            builder.Configuration.AddInMemoryCollection(Settings(data, models, key)).AddFarmConfiguration(arguments);
            builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}");
            builder.Services.AddRouting();
            // Ctrl+C belongs to the command that started the farm: it still talks to it afterwards, for example to cancel its job.
            builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
            builder.Logging.AddFarmConsole(minimumLevel);
            builder.AddCoordinator();
            builder.AddWorker(RenderProgram.OfThisProgram(WorkerProcess.RenderProcessCommand));
            builder.Services.AddFarmBus(builder.Configuration);
            var app = builder.Build();
            app.MapCoordinator();
            await FarmSchema.ApplyAsync(builder.Configuration.GetSection(DatabaseOptions.Section).Get<DatabaseOptions>()!, cancellationToken);
            await app.StartAsync(cancellationToken);
            var address = new Uri(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
            data.Announce(address);
            return new EmbeddedFarm(app, data, address, key);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        _data.Dispose();
    }

    /// <summary>Kestrel would tell of it in thirty lines.</summary>
    private static void RequireFree(int port)
    {
        try
        {
            using var probe = new TcpListener(IPAddress.Loopback, port);
            probe.Start();
        }
        catch (SocketException fault)
        {
            throw new UserError($"Port {port} of 127.0.0.1 cannot be used ({fault.Message}): choose another with --port, or stop the program that has it.", fault);
        }
    }

    private static Dictionary<string, string?> Settings(DataFolder data, string models, string key) => new()
    {
        ["Database:Provider"] = nameof(DatabaseProvider.Sqlite),
        ["Database:ConnectionString"] = $"Data Source={data.Database}",
        ["Bus:Transport"] = nameof(BusTransport.InMemory),
        ["Artifacts:Store"] = "Folder",
        ["Artifacts:Folder"] = data.Artifacts,
        ["Access:Key"] = key,
        ["Access:LoopbackOnly"] = "true",
        ["Worker:Name"] = "local",
        ["Worker:Models"] = models,
        ["Worker:ModelCache"] = data.FetchedModels,
        ["Worker:Isolation"] = nameof(WorkerIsolation.InProcess),
        ["Worker:Cache"] = data.Networks,
        ["Worker:Spool"] = data.Spool,
        ["Worker:DrainTimeout"] = "00:00:10",
    };
}
