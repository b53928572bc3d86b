namespace RenderFarm.Coordinator.Api;

/// <summary>Says once per change what the coordinator waits for, and that it is back. Nothing else depends on it: everything that needs a server tries for itself.</summary>
internal sealed partial class WatchServers(Readiness readiness, TimeProvider time, ILogger<WatchServers> logger) : BackgroundService
{
    /// <summary>Name of the bus among the checks; it tells itself what it waits for.</summary>
    public const string Broker = "broker";

    private static readonly TimeSpan WhileAway = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WhileThere = TimeSpan.FromSeconds(15);

    private IReadOnlyDictionary<string, string> _away = new Dictionary<string, string>();
    private bool _wasReady;

    /// <summary>Looks once; the answer is what is away.</summary>
    public async Task<IReadOnlyDictionary<string, string>> RunOnceAsync(CancellationToken cancellationToken)
    {
        var away = await readiness.LookAsync(cancellationToken);
        foreach (var (name, reason) in away.Where(x => x.Key != Broker && (!_away.TryGetValue(x.Key, out var known) || known != x.Value)))
        {
            LogAway(name, reason);
        }

        foreach (var name in _away.Keys.Except(away.Keys).Where(x => x != Broker))
        {
            LogBack(name);
        }

        if (away.Count == 0 && (!_wasReady || _away.Count > 0))
        {
            _wasReady = true;
            LogReady();
        }

        _away = away;
        return away;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var away = await RunOnceAsync(stoppingToken);
            await Task.Delay(away.Count > 0 ? WhileAway : WhileThere, time, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the {What}. {Reason}")]
    private partial void LogAway(string what, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The {What} is there")]
    private partial void LogBack(string what);

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready: database, broker and artifact store are there")]
    private partial void LogReady();
}
