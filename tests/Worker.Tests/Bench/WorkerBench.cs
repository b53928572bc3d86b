using System.Security.Cryptography;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Goldens;
using RenderFarm.Worker.Rendering.Supervision;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>A real worker with the real small model and a real folder for artifacts, on one bus with a coordinator that the test plays.</summary>
internal sealed class WorkerBench : IAsyncDisposable
{
    public const string Tenant = "acme";
    private readonly TemporaryFolder _folder;
    private readonly IHost _host;

    private WorkerBench(TemporaryFolder folder, IHost host) => (_folder, _host) = (folder, host);

    /// <summary>What the worker logged.</summary>
    public required KeptLog Log { get; init; }

    public FakeCoordinator Coordinator => _host.Services.GetRequiredService<FakeCoordinator>();

    public FlakyStore Store => (FlakyStore)_host.Services.GetRequiredService<IArtifactStore>();

    public IServiceProvider Services => _host.Services;

    public WorkerIdentity Me => _host.Services.GetRequiredService<WorkerIdentity>();

    /// <summary>The real program, built beside the tests.</summary>
    public static RenderProgram Program { get; } = new(Path.Combine(Repository.Root, "artifacts", "bin", "Cli", Repository.Configuration, "renderfarm"), ["render-process"]);

    public static string Models { get; } = Path.GetDirectoryName(GoldenFolder.EmojiModel)!;

    /// <summary>Room on the disk of the spool, as the worker sees it.</summary>
    public long FreeBytes { get; set; } = long.MaxValue;

    /// <summary>Starts the worker and waits until it has joined.</summary>
    public static Task<WorkerBench> StartAsync(params (string Key, string Value)[] settings) => StartAsync(Program, settings);

    /// <summary>Starts a worker with render processes.</summary>
    public static Task<WorkerBench> StartIsolatedAsync(RenderProgram program, params (string Key, string Value)[] settings) =>
        StartAsync(program, [("Worker:Isolation", nameof(WorkerIsolation.Process)), .. settings]);

    private static async Task<WorkerBench> StartAsync(RenderProgram program, (string Key, string Value)[] settings)
    {
        var bench = await StartAsync(program, isStoreAway: false, settings);
        await bench.Coordinator.FirstAsync<WorkerJoined>();
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>();
        return bench;
    }

    /// <summary>Starts the worker, while its store may be away.</summary>
    public static Task<WorkerBench> StartAsync(bool isStoreAway, params (string Key, string Value)[] settings) => StartAsync(Program, isStoreAway, settings);

    private static async Task<WorkerBench> StartAsync(RenderProgram program, bool isStoreAway, (string Key, string Value)[] settings)
    {
        var folder = new TemporaryFolder();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Worker:Name"] = "bench",
            ["Worker:Models"] = Models,
            ["Worker:Isolation"] = nameof(WorkerIsolation.InProcess),
            ["Worker:Spool"] = Path.Combine(folder.Path, "spool"),
            ["Worker:HeartbeatEvery"] = "00:00:00.2",
            ["Worker:DrainTimeout"] = "00:00:20",
        });
        foreach (var (key, value) in settings)
        {
            builder.Configuration[key] = value;
        }

        var log = new KeptLog();
        builder.Services.AddSingleton<FakeCoordinator>().AddSingleton(log);
        builder.Services.AddHostedService<LastMessages>();
        builder.Services.AddSingleton<IArtifactStore>(new FlakyStore(StoreOf(builder.Configuration, folder)) { IsAway = isStoreAway });
        WorkerBench? bench = null;
        builder.Services.AddSingleton(new DiskSpace(_ => bench?.FreeBytes ?? long.MaxValue, TimeProvider.System));
        builder.Services.AddBusPart(new BusPart(
            bus => bus.AddConsumer<FakeCoordinatorConsumer>(),
            [
                // One after the other, as they were sent.
                new BusQueue(QueueNames.FarmEvents, QueueKind.Events, 1, (context, endpoint) => endpoint.ConfigureConsumer<FakeCoordinatorConsumer>(context)),
                new BusQueue("", QueueKind.Feed, 32, (context, endpoint) => endpoint.ConfigureConsumer<FakeCoordinatorConsumer>(context)),
            ]));
        builder.AddWorker(program);
        builder.Logging.AddProvider(log);
        builder.Services.AddFarmBus(builder.Configuration);
        builder.Services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        bench = new WorkerBench(folder, builder.Build()) { Log = log };
        await bench._host.StartAsync(TestContext.Current.CancellationToken);
        return bench;
    }

    public WorkerModel Model(string name = "emoji") => Coordinator.Of<WorkerJoined>()[^1].Models.Single(model => model.Name == name);

    /// <summary>An offer of frames with these seeds.</summary>
    public LeaseOffered Lease(IReadOnlyList<long> seeds, Func<RenderSettings, RenderSettings>? change = null, string model = "emoji", Guid? job = null)
    {
        var settings = new RenderSettings { Steps = 3, Width = 64, Height = 64, Guidance = 4, NegativePrompt = "blurry" };
        return new LeaseOffered(
            Guid.NewGuid(), 7, job ?? Guid.NewGuid(), Tenant, model, Model(model).Digest ?? "none", change?.Invoke(settings) ?? settings, new OutputSettings(),
            ["a pizza on a blue background"], [.. seeds.Select(seed => new LeasedFrame(seed, seed, 0))]);
    }

    public async Task<LeaseOffered> OfferAsync(LeaseOffered offer)
    {
        await SendAsync(offer);
        return offer;
    }

    /// <summary>The same, and waits until the worker has taken it: what comes over the bus is handled side by side, in any order.</summary>
    public async Task<LeaseOffered> OfferFirstAsync(LeaseOffered offer)
    {
        await OfferAsync(offer);
        await Coordinator.FirstAsync<LeaseAccepted>(accepted => accepted.AttemptId == offer.AttemptId);
        return offer;
    }

    public Task SendAsync<T>(T message)
        where T : class => _host.Services.GetRequiredService<FarmSender>().ToWorkerAsync(Me.Name, Me.Epoch, message, TestContext.Current.CancellationToken);

    /// <summary>What lies in the worker's spool.</summary>
    public IReadOnlyList<string> SpooledFiles => [.. Directory.GetFiles(Spool, "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file) != "lock")];

    /// <summary>The pictures among them.</summary>
    public IReadOnlyList<string> SpooledPictures => [.. SpooledFiles.Where(file => file.EndsWith(".png", StringComparison.Ordinal) && SpooledPicture.AttemptOf(file) is not null)];

    private string Spool => _host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Spool;

    /// <summary>Puts a picture of this size into the spool as an ended process leaves one; the worker finds it within seconds.</summary>
    public void LeaveBehind(int bytes)
    {
        var lease = new LeaseMark(Guid.NewGuid(), Guid.NewGuid(), 7, Tenant, "png");
        using var folder = SpoolFolder.Create(Spool, "ended");
        folder.WriteMark(lease);
        var picture = RandomNumberGenerator.GetBytes(bytes);
        File.WriteAllBytes(folder.PlaceOf(lease.AttemptId, 0, lease.Format), picture);
        folder.Keep(lease, 0, new PictureFacts(5, Convert.ToHexStringLower(SHA256.HashData(picture)), bytes, 64, 64, 5));
    }

    /// <summary>What a power cut at this moment would leave of the spool, as the spool of another worker.</summary>
    public TemporaryFolder CopySpool()
    {
        var copy = new TemporaryFolder();
        foreach (var file in SpooledFiles)
        {
            var path = Path.Combine(copy.Path, Path.GetRelativePath(Spool, file));
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Copy(file, path);
        }

        return copy;
    }

    public async Task<byte[]> ReadAsync(string key)
    {
        await using var stream = await Store.OpenReadAsync(key, TestContext.Current.CancellationToken);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy, TestContext.Current.CancellationToken);
        return copy.ToArray();
    }

    public async Task<IReadOnlyList<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var item in Store.ListAsync($"{Tenant}/", TestContext.Current.CancellationToken))
        {
            keys.Add(item.Key);
        }

        return keys;
    }

    /// <summary>Stops the host as SIGTERM does.</summary>
    public Task StopAsync() => _host.StopAsync(CancellationToken.None);

    public Task<HealthReport> HealthAsync() => _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == WorkerHost.HealthCheck, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _host.Dispose();
        _folder.Dispose();
    }

    private static IArtifactStore StoreOf(ConfigurationManager configuration, TemporaryFolder folder) => configuration.GetSection("Artifacts:S3").Get<S3Options>() is { } options
        ? new S3Artifacts(options, TimeProvider.System)
        : new FolderArtifacts(configuration["Artifacts:Folder"] ?? Path.Combine(folder.Path, "artifacts"));
}

/// <summary>Holds the bus until the coordinator has heard the worker's goodbye, or its time was over before: services are stopped in the reverse order of their registration.</summary>
internal sealed class LastMessages(FakeCoordinator coordinator, KeptLog log) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => coordinator.UntilAsync(
        () => coordinator.Of<WorkerLeft>().Count > 0 || log.Lines.Any(line => line.Contains("the coordinators will miss this worker instead", StringComparison.Ordinal)) ? this : null, nameof(WorkerLeft));

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
