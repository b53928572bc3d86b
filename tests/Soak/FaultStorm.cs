using System.Collections.Concurrent;
using System.Diagnostics;

namespace RenderFarm.Soak;

/// <summary>Lets faults happen on top of each other, and ends them all at a word.</summary>
internal sealed class FaultStorm(FaultChoice choice, Random random)
{
    private const int AtATime = 8;
    private readonly HashSet<string> _taken = [];
    private readonly Lock _lock = new();

    /// <summary>How often each kind of fault has happened.</summary>
    public ConcurrentDictionary<string, int> Kinds { get; } = [];

    /// <summary>All of them.</summary>
    public int Count => Kinds.Values.Sum();

    /// <summary>Faults that last now.</summary>
    public int Active
    {
        get
        {
            lock (_lock)
            {
                return _taken.Count;
            }
        }
    }

    /// <summary>Whether something is being done to this now.</summary>
    public bool IsHit(string target)
    {
        lock (_lock)
        {
            return _taken.Contains(target);
        }
    }

    /// <summary>Begins about so many faults a second for a while, then heals everything; the answer is the moment when all was healed.</summary>
    public async Task<long> RunAsync(TimeSpan length, double perSecond, CancellationToken cancellationToken)
    {
        using var heal = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var start = Stopwatch.GetTimestamp();
        var running = new List<Task>();
        while (Stopwatch.GetElapsedTime(start) < length && !cancellationToken.IsCancellationRequested)
        {
            if (Next() is { } fault)
            {
                running.Add(RunAsync(fault, heal.Token));
            }

            await Task.Delay(TimeSpan.FromSeconds(2 * random.NextDouble() / perSecond), CancellationToken.None);
        }

        await heal.CancelAsync();
        await Task.WhenAll(running);
        return Stopwatch.GetTimestamp();
    }

    private Fault? Next()
    {
        lock (_lock)
        {
            if (_taken.Count >= AtATime || choice.Next(_taken) is not { } fault)
            {
                return null;
            }

            _taken.Add(fault.Target);
            return fault;
        }
    }

    private async Task RunAsync(Fault fault, CancellationToken heal)
    {
        Kinds.AddOrUpdate(fault.Kind, 1, (_, count) => count + 1);
        try
        {
            await fault.RunAsync(heal);
        }
        finally
        {
            lock (_lock)
            {
                _taken.Remove(fault.Target);
            }
        }
    }
}
