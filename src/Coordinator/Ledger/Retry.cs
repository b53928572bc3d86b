using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>What becomes of frames that a lease left.</summary>
internal enum Fate
{
    /// <summary>They wait for another worker.</summary>
    Again,

    /// <summary>They failed.</summary>
    GivenUp,

    /// <summary>They are set aside for somebody to look at.</summary>
    Quarantined,
}

/// <summary>Whether frames that a lease left are tried again, and with which strikes.</summary>
/// <param name="Error">Why they are not tried again; null when they are.</param>
internal readonly record struct Retry(Fate Fate, Strikes Strikes, TimeSpan After, string? Error)
{
    /// <summary>Decides by error class: only a worker's own fault and a death count, and nothing counts when somebody else was away.</summary>
    public static Retry Decide(Lease lease, LeaseEnded report, LedgerOptions options)
    {
        var said = report.Message ?? "no reason given";
        var (tries, crashes) = (lease.Tries + 1, lease.Crashes + 1);
        var tried = lease.Strikes with { TriedWorkers = Strikes.With(lease.TriedWorkers, lease.Worker) };
        return report.ErrorClass switch
        {
            null or ErrorClass.Infrastructure or ErrorClass.Interrupted => Unstruck(lease),
            // The named frames are given up already; the others were only their batch mates.
            ErrorClass.Request when report.Failed.Count > 0 => Unstruck(lease),
            ErrorClass.Request => new Retry(Fate.GivenUp, lease.Strikes, TimeSpan.Zero, said),
            ErrorClass.Worker when tries >= options.MaxTries =>
                new Retry(Fate.GivenUp, tried, TimeSpan.Zero, $"Given up after {tries} tries, the last by worker {lease.Worker}: {said}"),
            ErrorClass.Worker => new Retry(Fate.Again, tried with { Tries = tries }, options.RetryAfter, null),
            ErrorClass.Crash or ErrorClass.OutOfMemory when crashes >= options.MaxCrashes => new Retry(
                Fate.Quarantined, tried, TimeSpan.Zero,
                $"{crashes} render processes died over it, the last of worker {lease.Worker} in attempt {lease.AttemptId}: {said}"),
            ErrorClass.Crash or ErrorClass.OutOfMemory => new Retry(Fate.Again, tried with { Crashes = crashes, Alone = true }, options.RetryAfter, null),
            _ => throw new ArgumentOutOfRangeException(nameof(report), report.ErrorClass, "Unknown error class."),
        };
    }

    /// <summary>Frames that nothing happened to.</summary>
    public static Retry Unstruck(Lease lease) => new(Fate.Again, lease.Strikes, TimeSpan.Zero, null);
}
