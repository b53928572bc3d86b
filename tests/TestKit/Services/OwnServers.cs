using System.Diagnostics;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.TestKit.Services;

/// <summary>Servers that one test may crash, stop and wipe, in a folder of their own.</summary>
public sealed class OwnServers : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _state = [];

    private OwnServers()
    {
    }

    /// <summary>Connection string of its server; null when there is none.</summary>
    public string? Postgres => _state.TryGetValue("POSTGRES_PORT", out var port) && Has("postgres")
        ? $"Host=127.0.0.1;Port={port};Username=farm;Password={_state["POSTGRES_PASSWORD"]};Database=farm;Maximum Pool Size=20"
        : null;

    /// <summary>Its broker; null when there is none.</summary>
    public Uri? RabbitMq => Has("rabbitmq") ? new Uri($"amqp://farm:{_state["RABBITMQ_PASSWORD"]}@127.0.0.1:{_state["RABBITMQ_PORT"]}/") : null;

    /// <summary>Its broker's management; null when there is none.</summary>
    public Uri? RabbitMqManagement => Has("rabbitmq") ? new Uri($"http://127.0.0.1:{int.Parse(_state["RABBITMQ_PORT"], System.Globalization.CultureInfo.InvariantCulture) + 1}") : null;

    /// <summary>Where their data lies.</summary>
    public string Root => File.ReadAllText(_folder.File("root")).Trim();

    /// <summary>Starts them: postgres, rabbitmq or s3.</summary>
    public static async Task<OwnServers> StartAsync(CancellationToken cancellationToken, params string[] names)
    {
        var servers = new OwnServers();
        await servers.UpAsync(cancellationToken, names);
        foreach (var line in await File.ReadAllLinesAsync(servers._folder.File("state"), cancellationToken))
        {
            servers._state[line.Split('=')[0]] = line[(line.IndexOf('=') + 1)..];
        }

        return servers;
    }

    /// <summary>Starts servers that are down, with the data and the ports they had.</summary>
    public Task UpAsync(CancellationToken cancellationToken, params string[] names) => RunAsync(cancellationToken, ["up", _folder.Path, .. names]);

    /// <summary>Stops servers in good order.</summary>
    public Task DownAsync(CancellationToken cancellationToken, params string[] names) => RunAsync(cancellationToken, ["down", _folder.Path, .. names]);

    /// <summary>SIGKILL to a server's process.</summary>
    public Task CrashAsync(string process, CancellationToken cancellationToken) => RunAsync(cancellationToken, "crash", _folder.Path, process);

    /// <summary>Deletes all that lies in a folder of their data.</summary>
    public void Empty(string folder)
    {
        foreach (var entry in new DirectoryInfo(Path.Combine(Root, folder)).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo inner)
            {
                inner.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }

    /// <summary>Starts a synchronous standby of its PostgreSQL: nothing is committed before both have it.</summary>
    public Task<StandbyPostgres> StartStandbyAsync(CancellationToken cancellationToken) =>
        StandbyPostgres.StartAsync(Postgres ?? throw new InvalidOperationException("There is no postgres among these servers."), Path.Combine(Root, "standby"), cancellationToken);

    /// <summary>Runs a client program of the servers: psql or rabbitmqctl.</summary>
    public Task ClientAsync(string program, CancellationToken cancellationToken, params string[] arguments) => RunAsync(cancellationToken, [program, _folder.Path, .. arguments]);

    public async ValueTask DisposeAsync()
    {
        await RunAsync(CancellationToken.None, "wipe", _folder.Path);
        Directory.CreateDirectory(_folder.Path);
        _folder.Dispose();
    }

    private bool Has(string server) => Directory.Exists(Path.Combine(Root, server));

    private static async Task RunAsync(CancellationToken cancellationToken, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "eng", "services"), arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var said = process.StandardError.ReadToEndAsync(cancellationToken);
        var printed = process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken).WaitAsync(Patience, cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"eng/services {string.Join(' ', arguments)} failed:\n{await said}\n{await printed}");
        }
    }
}
