using System.Globalization;
using Npgsql;
using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Histories;
using RenderFarm.TestKit.Services;

namespace RenderFarm.TestKit.Faults;

/// <summary>
/// A farm that is meant to be broken: every process reaches every server through a proxy of its own, coordinators write their history, and
/// <see cref="CheckAsync"/> says whether anything was lost or made twice.
/// </summary>
public sealed class FaultFarm : IAsyncDisposable
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan LinesWithin = TimeSpan.FromSeconds(30);
    private readonly TemporaryFolder _folder = new();
    private readonly List<FarmNode> _nodes = [];
    private readonly List<string> _histories = [];
    private readonly List<RenderFarmClient> _clients = [];
    private readonly Dictionary<string, string> _settings;
    private bool _mayHaveGaps;

    private FaultFarm(TestPostgres database, TestRabbitMq broker, TestS3 store, IReadOnlyDictionary<string, string> settings)
    {
        (Database, Broker, Store) = (database, broker, store);
        _settings = FarmSettings.Of(database, broker, store, Key);
        foreach (var (name, value) in settings)
        {
            _settings[name] = value;
        }
    }

    public static string Key => "test-key-of-the-farm-0123456789abcdef";

    public TestPostgres Database { get; }

    public TestRabbitMq Broker { get; }

    public TestS3 Store { get; }

    /// <summary>What its processes run from now on.</summary>
    public string Program { get; set; } = FarmProcess.Renderfarm;

    /// <summary>A client of the coordinator that was started last.</summary>
    public RenderFarmClient Client => _clients[^1];

    /// <summary>What its processes printed.</summary>
    public string Log => string.Concat(_nodes.Select(x => $"---- {x.Name} (process {x.Process.Id})\n{x.Process.Output}\n"));

    /// <summary>Folder for what a test needs beside the farm.</summary>
    public TemporaryFolder Folder => _folder;

    /// <summary>An empty farm on the servers of the test run, or on a test's own. Settings are for every process of it.</summary>
    public static async Task<FaultFarm> StartAsync(IReadOnlyDictionary<string, string> settings, OwnServers? own, CancellationToken cancellationToken)
    {
        var farm = new FaultFarm(
            await TestPostgres.CreateDatabaseAsync(own?.Postgres, cancellationToken),
            await TestRabbitMq.CreateVirtualHostAsync(own?.RabbitMq, own?.RabbitMqManagement, cancellationToken),
            await TestS3.CreateBucketAsync(cancellationToken),
            settings);
        await using var migrate = FarmProcess.Start(farm._folder.Path, farm._settings, "migrate");
        return await migrate.ExitAsync(StartsWithin, cancellationToken) == 0 ? farm : throw new InvalidOperationException($"'renderfarm migrate' failed:\n{migrate.Output}");
    }

    /// <summary>Starts a coordinator and waits until it is ready.</summary>
    public async Task<FarmNode> StartCoordinatorAsync(string name, CancellationToken cancellationToken, string failpoint = "", IReadOnlyDictionary<string, string>? settings = null)
    {
        var node = LaunchCoordinator(name, failpoint, settings);
        await Ready.WaitAsync(node.Address, node.Process, StartsWithin, () => Log, cancellationToken);
        return node;
    }

    /// <summary>Starts a coordinator and does not wait.</summary>
    public FarmNode LaunchCoordinator(string name, string failpoint = "", IReadOnlyDictionary<string, string>? settings = null)
    {
        var address = FreePort.Address();
        _histories.Add(_folder.File($"history-{_nodes.Count}"));
        var own = new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["RENDERFARM__Coordinator__Urls"] = address.ToString(), ["RENDERFARM__Coordinator__History"] = _histories[^1] };
        var node = Launch(name, address, failpoint, own, "coordinator");
        _clients.Add(new RenderFarmClient(address, Key));
        return node;
    }

    /// <summary>Starts a worker that renders, and waits until the farm lists it as ready.</summary>
    public async Task<FarmNode> StartWorkerAsync(string name, CancellationToken cancellationToken, string failpoint = "", IReadOnlyDictionary<string, string>? settings = null)
    {
        var address = FreePort.Address();
        var own = new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["RENDERFARM__Worker__HealthUrls"] = address.ToString(), ["RENDERFARM__Worker__Name"] = name };
        own.TryAdd("RENDERFARM__Worker__Spool", SpoolOf(name));
        var node = Launch(name, address, failpoint, own, "worker");
        await JoinedAsync(node, name, cancellationToken);
        return node;
    }

    /// <summary>Starts a worker of which only the GPU is simulated, and waits until the farm lists it as ready. Its name on the farm ends with -0.</summary>
    public async Task<FarmNode> StartSimulatedAsync(string name, TimeSpan frameTime, CancellationToken cancellationToken, string failpoint = "", int workers = 1)
    {
        var node = LaunchSimulated(name, frameTime, workers, failpoint);
        await JoinedAsync(node, $"{name}-{workers - 1}", cancellationToken);
        return node;
    }

    /// <summary>Starts workers of which only the GPUs are simulated, in one process, and does not wait.</summary>
    public FarmNode LaunchSimulated(string name, TimeSpan frameTime, int workers, string failpoint = "") => Launch(
        $"{name}-0", new Uri("http://127.0.0.1/"), failpoint, new() { ["RENDERFARM__Worker__Spool"] = SpoolOf(name) },
        "simulate", "--workers", $"{workers}", "--frame-time", $"{frameTime.TotalMilliseconds}ms", "--batch-size", "2", "--upload", "--name-prefix", name);

    /// <summary>The folder in which a worker keeps pictures that are not committed.</summary>
    public string SpoolOf(string name) => _folder.File($"spool-{name}");

    /// <summary>SIGKILL to the process and whatever it has started.</summary>
    public async Task KillAsync(FarmNode node)
    {
        var children = node.Children;
        _mayHaveGaps = true;
        await node.Process.KillAsync();
        foreach (var child in children)
        {
            RunningProcess.Signal(child, ProcessSignal.Kill);
        }
    }

    /// <summary>A process that dies by itself, as a failpoint told it.</summary>
    public async Task DiesAsync(FarmNode node, TimeSpan within, CancellationToken cancellationToken)
    {
        _mayHaveGaps = true;
        await node.Process.ExitAsync(within, cancellationToken);
    }

    /// <summary>Runs a command of the program with this farm's settings, straight to the servers.</summary>
    public FarmProcess StartProgram(params string[] arguments)
    {
        // Another server may have the database by now.
        var settings = new Dictionary<string, string>(_settings) { ["RENDERFARM__Database__ConnectionString"] = Database.ConnectionString };
        return FarmProcess.Start(Program, _folder.Path, settings, arguments);
    }

    /// <summary>Audits the ledger, checks the history, and that every picture of the ledger is in the store.</summary>
    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        await using var audit = StartProgram("audit");
        if (await audit.ExitAsync(StartsWithin, cancellationToken) != 0)
        {
            throw new InvalidOperationException($"The ledger does not hold:\n{audit.Output}\n{Log}");
        }

        var frames = (await FinalRows.ReadAsync(Database.Unpooled, cancellationToken)).Frames;
        var stored = (await Store.ListKeysAsync(cancellationToken)).ToHashSet();
        var missing = frames.Where(x => x.ArtifactKey is not null && !stored.Contains(x.ArtifactKey)).Select(x => $"Job {x.Job}: the picture of frame {x.Index} is not in the store: {x.ArtifactKey}.").ToList();
        if (missing.Count > 0)
        {
            throw new InvalidOperationException($"Not exactly once:\n{string.Join('\n', missing)}\n{Log}");
        }

        // The lines of a transaction are written after it: the database may tell of it first. What is wrong stays wrong with every line.
        await IsAsync(() => ViolationsAsync(cancellationToken), x => x.Length == 0, LinesWithin, cancellationToken);
    }

    /// <summary>Waits until the job satisfies; fails with the log.</summary>
    public Task<JobView> JobAsync(Guid id, Func<JobView, bool> satisfies, TimeSpan within, CancellationToken cancellationToken) =>
        Eventually.IsAsync(() => Client.GetJobAsync(id, cancellationToken), satisfies, within, () => Log, cancellationToken);

    /// <summary>Waits until the farm satisfies; fails with the log.</summary>
    public Task<T> IsAsync<T>(Func<Task<T>> ask, Func<T, bool> satisfies, TimeSpan within, CancellationToken cancellationToken) =>
        Eventually.IsAsync(ask, satisfies, within, () => Log, cancellationToken);

    /// <summary>The one number that a query of its database answers with.</summary>
    public async Task<long> CountAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(Database.Unpooled);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return Convert.ToInt64(await command.ExecuteScalarAsync(cancellationToken), CultureInfo.InvariantCulture);
    }

    /// <summary>Events of all coordinators so far.</summary>
    public IReadOnlyList<HistoryEvent> History() => HistoryEvent.Read(_histories);

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(x => x.Dispose());
        foreach (var node in _nodes)
        {
            var children = node.Process.HasExited ? [] : node.Children;
            await node.Process.DisposeAsync();
            foreach (var child in children)
            {
                RunningProcess.Signal(child, ProcessSignal.Kill);
            }

            await node.Hops.DisposeAsync();
        }

        await Store.DisposeAsync();
        await Broker.DisposeAsync();
        await Database.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<string> ViolationsAsync(CancellationToken cancellationToken)
    {
        var rows = await FinalRows.ReadAsync(Database.Unpooled, cancellationToken);
        return string.Join('\n', new HistoryCheck(HistoryEvent.Read(_histories), rows, _mayHaveGaps).Violations());
    }

    private FarmNode Launch(string name, Uri address, string failpoint, Dictionary<string, string> own, params string[] arguments)
    {
        var settings = new Dictionary<string, string>(_settings);
        var hops = ServerHops.Insert(settings);
        foreach (var (key, value) in own)
        {
            settings[key] = value;
        }

        if (failpoint.Length > 0)
        {
            settings["FARM_FAILPOINT"] = failpoint;
        }

        var node = new FarmNode(name, FarmProcess.Start(Program, _folder.Path, settings, arguments), address, hops);
        _nodes.Add(node);
        return node;
    }

    private async Task JoinedAsync(FarmNode node, string name, CancellationToken cancellationToken) => await Eventually.IsAsync(
        () => node.Process.HasExited ? throw new InvalidOperationException("The process has ended.") : Client.WorkersAsync(cancellationToken),
        workers => workers.Any(x => x.Name == name && x.State == WorkerState.Ready), StartsWithin, () => Log, cancellationToken);
}
