using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.TestKit.Services;

namespace RenderFarm.TestKit.Farms;

/// <summary>Coordinators and workers as processes of their own, on a database, a virtual host and a bucket of their own.</summary>
public sealed class ServerTestFarm : TestFarm
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestPostgres _database;
    private readonly TestRabbitMq _broker;
    private readonly TestS3 _store;
    private readonly List<Coordinator> _coordinators = [];
    private readonly List<WorkerProcess> _workers = [];
    private readonly int _threads;
    private readonly IReadOnlyDictionary<string, string> _more;
    private RenderFarmClient? _client;

    private ServerTestFarm(TestPostgres database, TestRabbitMq broker, TestS3 store, int threads, IReadOnlyDictionary<string, string> more) =>
        (_database, _broker, _store, _threads, _more) = (database, broker, store, threads, more);

    public override RenderFarmClient Client => _client!;

    public override Uri Address => _coordinators[0].Address;

    public override string Key => "test-key-of-the-farm-0123456789abcdef";

    public TestS3 Store => _store;

    public TestRabbitMq Broker => _broker;

    public override string Log => string.Concat(_coordinators.Select(x => LogOf($"coordinator {x.Address}", x.Process)).Concat(_workers.Select(x => LogOf(x.Name, x.Process))));

    /// <summary>Settings of every process of this farm, as environment variables.</summary>
    public Dictionary<string, string> Settings => new(FarmSettings.Of(_database, _broker, _store, Key).Concat(_more));

    /// <summary>A farm whose workers leave cores to the tests beside it.</summary>
    public static Task<ServerTestFarm> StartAsync(int coordinators, int workers, CancellationToken cancellationToken) =>
        StartAsync(coordinators, workers, threads: 1, cancellationToken);

    /// <summary>A farm whose workers have this many threads; 0 is one per core.</summary>
    public static Task<ServerTestFarm> StartAsync(int coordinators, int workers, int threads, CancellationToken cancellationToken) =>
        StartAsync(coordinators, workers, threads, new Dictionary<string, string>(), cancellationToken);

    /// <summary>A farm whose processes have more settings than it needs.</summary>
    public static async Task<ServerTestFarm> StartAsync(int coordinators, int workers, int threads, IReadOnlyDictionary<string, string> more, CancellationToken cancellationToken)
    {
        var farm = new ServerTestFarm(
            await TestPostgres.CreateDatabaseAsync(cancellationToken),
            await TestRabbitMq.CreateVirtualHostAsync(cancellationToken),
            await TestS3.CreateBucketAsync(cancellationToken),
            threads,
            more);
        await using (var migrate = farm.StartProgram("migrate"))
        {
            if (await migrate.ExitAsync(StartsWithin, cancellationToken) != 0)
            {
                throw new InvalidOperationException($"'renderfarm migrate' failed:\n{migrate.Output}");
            }
        }

        for (var i = 0; i < coordinators; i++)
        {
            await farm.StartCoordinatorAsync(FreePort.Take(), cancellationToken);
        }

        if (coordinators > 0)
        {
            farm._client = new RenderFarmClient(farm.Address, farm.Key);
        }

        for (var i = 0; i < workers; i++)
        {
            await farm.StartWorkerAsync($"worker-{i}", cancellationToken);
        }

        return farm;
    }

    /// <summary>Names and versions of its database and its broker.</summary>
    public async Task<string> VersionsAsync(CancellationToken cancellationToken) =>
        $"PostgreSQL {await _database.VersionAsync(cancellationToken)}, RabbitMQ {await _broker.VersionAsync(cancellationToken)}";

    /// <summary>Address of a coordinator.</summary>
    public Uri AddressOf(int coordinator) => _coordinators[coordinator].Address;

    /// <summary>Starts a coordinator and waits until it is ready.</summary>
    public async Task StartCoordinatorAsync(int port, CancellationToken cancellationToken)
    {
        var address = new Uri($"http://127.0.0.1:{port}/");
        var settings = Settings;
        settings["RENDERFARM__Coordinator__Urls"] = address.ToString();
        var process = FarmProcess.Start(_folder.Path, settings, "coordinator");
        Processes.Add(process);
        _coordinators.Add(new Coordinator(address, process));
        await ReadyAsync(address, process, cancellationToken);
    }

    /// <summary>Starts a worker and waits until the farm lists it as ready.</summary>
    public async Task StartWorkerAsync(string name, CancellationToken cancellationToken)
    {
        var health = FreePort.Address();
        var settings = Settings;
        settings["RENDERFARM__Worker__Name"] = name;
        settings["RENDERFARM__Worker__Threads"] = $"{_threads}";
        settings["RENDERFARM__Worker__HealthUrls"] = health.ToString();
        var process = FarmProcess.Start(_folder.Path, settings, "worker");
        Processes.Add(process);
        _workers.Add(new WorkerProcess(name, process));
        await ReadyAsync(health, process, cancellationToken);
        await Eventually.IsAsync(
            () => Client.WorkersAsync(cancellationToken),
            workers => workers.Any(x => x.Name == name && x.State == WorkerState.Ready), StartsWithin, () => Log, cancellationToken);
    }

    /// <summary>The process of a worker, the latest of that name.</summary>
    public FarmProcess Worker(string name) => _workers.Last(x => x.Name == name).Process;

    /// <summary>The process of a coordinator.</summary>
    public FarmProcess CoordinatorProcess(int index) => _coordinators[index].Process;

    public override async Task CrashWorkerAsync(CancellationToken cancellationToken)
    {
        var name = _workers[^1].Name;
        await Worker(name).KillAsync();
        await StartWorkerAsync(name, cancellationToken);
    }

    public override async Task CrashCoordinatorAsync(CancellationToken cancellationToken)
    {
        var crashed = _coordinators[0];
        await crashed.Process.KillAsync();
        await StartCoordinatorAsync(crashed.Address.Port, cancellationToken);
    }

    public override FarmProcess StartProgram(params string[] arguments) => FarmProcess.Start(_folder.Path, Settings, arguments);

    public override async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        await base.DisposeAsync();
        await _store.DisposeAsync();
        await _broker.DisposeAsync();
        await _database.DisposeAsync();
        _folder.Dispose();
    }

    private sealed record Coordinator(Uri Address, FarmProcess Process);

    private sealed record WorkerProcess(string Name, FarmProcess Process);
}
