using Npgsql;
using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.Soak;

/// <summary>What a farm of this run has.</summary>
/// <param name="Coordinators">Coordinators.</param>
/// <param name="Processes">Processes of simulated workers.</param>
/// <param name="WorkersOfProcess">Simulated workers of each.</param>
/// <param name="FrameTime">Time of a simulated picture.</param>
/// <param name="RealWorkers">Workers with a real renderer and a model of their own.</param>
internal sealed record SoakSize(int Coordinators, int Processes, int WorkersOfProcess, TimeSpan FrameTime, int RealWorkers)
{
    public int Workers => Processes * WorkersOfProcess;
}

/// <summary>A farm of processes on servers of its own; between each process and each server is a hop that can go wrong.</summary>
internal sealed class SoakFarm : IAsyncDisposable
{
    /// <summary>The model of the simulated workers.</summary>
    public const string Model = "simulated";

    /// <summary>The model of the real ones.</summary>
    public const string RealModel = "emoji";

    private const string Key = "test-key-of-the-farm-0123456789abcdef";
    private static readonly TimeSpan StartsWithin = TimeSpan.FromMinutes(5);
    private readonly SoakSize _size;
    private readonly string _folder;
    private readonly List<HttpClient> _https = [];

    private SoakFarm(Servers servers, SoakSize size, string folder) => (Servers, _size, _folder) = (servers, size, folder);

    public Servers Servers { get; }

    public List<FarmMember> Coordinators { get; } = [];

    public List<FarmMember> Workers { get; } = [];

    public IEnumerable<FarmMember> Members => Coordinators.Concat(Workers);

    /// <summary>All hops, by who talks to whom.</summary>
    public Dictionary<string, TcpProxy> Hops { get; } = [];

    /// <summary>A client for each coordinator.</summary>
    public List<RenderFarmClient> Clients { get; } = [];

    public static async Task<SoakFarm> StartAsync(Servers servers, SoakSize size, string folder, CancellationToken cancellationToken)
    {
        var farm = new SoakFarm(servers, size, folder);
        try
        {
            await farm.StartAsync(cancellationToken);
            return farm;
        }
        catch
        {
            await farm.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until so many workers are ready.</summary>
    public Task WorkersAsync(int count, CancellationToken cancellationToken) => Eventually.IsAsync(
        async () => (await Clients[0].WorkersAsync(cancellationToken)).Count(worker => worker.State == WorkerState.Ready), ready => ready >= count, StartsWithin, null, cancellationToken);

    /// <summary>Runs a command of the program past all faults; the answer is what it printed. Fails when it fails.</summary>
    public async Task<string> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        await using var process = FarmProcess.Start(_folder, Settings(hop: server => Servers.PortOf(server)), arguments);
        var code = await process.ExitAsync(TimeSpan.FromMinutes(10), cancellationToken);
        return code == 0 ? process.Output : throw new InvalidOperationException($"'renderfarm {string.Join(' ', arguments)}' ended with {code}:\n{process.Output}");
    }

    /// <summary>Ends what still is wrong between processes and servers.</summary>
    public void HealHops()
    {
        foreach (var hop in Hops.Values)
        {
            hop.Heal();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
        {
            await member.DisposeAsync();
        }

        foreach (var hop in Hops.Values)
        {
            await hop.DisposeAsync();
        }

        Clients.ForEach(client => client.Dispose());
        _https.ForEach(http => http.Dispose());
    }

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await RunAsync(["migrate"], cancellationToken);
        for (var number = 0; number < _size.Coordinators; number++)
        {
            AddCoordinator($"coordinator-{number}");
        }

        for (var number = 0; number < _size.Processes; number++)
        {
            AddSimulation($"workers-{number}");
        }

        for (var number = 0; number < _size.RealWorkers; number++)
        {
            AddWorker($"real-{number}");
        }

        foreach (var member in Members)
        {
            member.Start();
        }

        await WorkersAsync(_size.Workers + _size.RealWorkers, cancellationToken);
    }

    private void AddCoordinator(string name)
    {
        var port = Ports.Free();
        var settings = Settings(server => Hop(name, server, Servers.PortOf(server)));
        settings["RENDERFARM__Coordinator__Urls"] = $"http://127.0.0.1:{port}";
        Coordinators.Add(Member(name, settings, "coordinator"));
        var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{Hop("client", name, port)}/"), Timeout = TimeSpan.FromSeconds(10) };
        http.DefaultRequestHeaders.Authorization = new("Bearer", Key);
        _https.Add(http);
        Clients.Add(new RenderFarmClient(http, TimeProvider.System));
    }

    private void AddSimulation(string name) => Workers.Add(Member(
        name, WorkerSettings(name), "simulate", "--workers", $"{_size.WorkersOfProcess}", "--frame-time", $"{_size.FrameTime.TotalMilliseconds:0}ms", "--jitter",
        "--batch-size", "2", "--model", Model, "--upload", "--name-prefix", name));

    private void AddWorker(string name)
    {
        var settings = WorkerSettings(name);
        settings["RENDERFARM__Worker__Name"] = name;
        settings["RENDERFARM__Worker__Threads"] = "1";
        settings["RENDERFARM__Worker__BatchSize"] = "2";
        settings["RENDERFARM__Worker__Models"] = Repository.Models;
        settings["RENDERFARM__Worker__HealthUrls"] = $"http://127.0.0.1:{Ports.Free()}";
        Workers.Add(Member(name, settings, "worker"));
    }

    private FarmMember Member(string name, Dictionary<string, string> settings, params string[] arguments)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, name)).FullName;
        return new FarmMember(name, () => FarmProcess.Start(folder, settings, arguments), _folder);
    }

    private Dictionary<string, string> WorkerSettings(string name)
    {
        var settings = Settings(server => server == Servers.Postgres ? 1 : Hop(name, server, Servers.PortOf(server)));
        settings["RENDERFARM__Worker__Spool"] = Path.Combine(_folder, name, "spool");
        settings["RENDERFARM__Worker__DrainTimeout"] = "00:00:20";
        return settings;
    }

    private int Hop(string from, string to, int port)
    {
        var hop = TcpProxy.Start(port);
        Hops.Add($"{from} to {to}", hop);
        return hop.Port;
    }

    private Dictionary<string, string> Settings(Func<string, int> hop) => new()
    {
        ["RENDERFARM__Database__Provider"] = "Postgres",
        ["RENDERFARM__Database__ConnectionString"] = new NpgsqlConnectionStringBuilder(Servers.Database.ConnectionString) { Port = hop(Servers.Postgres), MaxPoolSize = 20 }.ConnectionString,
        ["RENDERFARM__Bus__Transport"] = "RabbitMq",
        ["RENDERFARM__Bus__Uri"] = new UriBuilder(Servers.Broker) { Port = hop(Servers.RabbitMq) }.Uri.ToString(),
        ["RENDERFARM__Artifacts__Store"] = "S3",
        ["RENDERFARM__Artifacts__S3__Endpoint"] = $"127.0.0.1:{hop(Servers.S3)}",
        ["RENDERFARM__Artifacts__S3__AccessKey"] = Servers.Store.AccessKey,
        ["RENDERFARM__Artifacts__S3__SecretKey"] = Servers.Store.SecretKey,
        ["RENDERFARM__Artifacts__S3__Bucket"] = Servers.Store.Bucket,
        ["RENDERFARM__Artifacts__S3__Region"] = Servers.Store.Region,
        ["RENDERFARM__Artifacts__S3__UseTls"] = "false",
        ["RENDERFARM__Access__Key"] = Key,
        ["RENDERFARM__Logging__LogLevel__Default"] = "Warning",
        // The bus tells of each message that did not go out, with ten lines of where.
        ["RENDERFARM__Logging__LogLevel__MassTransit"] = "Critical",
    };
}
