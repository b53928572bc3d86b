using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Whether the frames that a lease left are tried again, and with which strikes.</summary>
/// <param name="Error">Why they are given up; null when they are tried again.</param>
internal readonly record struct Retry(int Tries, int Crashes, TimeSpan After, string? Error)
{
    /// <summary>Decides by error class: only a worker's own fault and a death count, and nothing counts when somebody else was away.</summary>
    public static Retry Decide(Lease lease, LeaseEnded report, LedgerOptions options)
    {
        var said = report.Message ?? "no reason given";
        var again = new Retry(lease.Tries, lease.Crashes, TimeSpan.Zero, null);
        return report.ErrorClass switch
        {
            null or ErrorClass.Infrastructure or ErrorClass.Interrupted => again,
            // The named frames are given up already; the others were only their batch mates.
            ErrorClass.Request => report.Failed.Count > 0 ? again : again with { Error = said },
            ErrorClass.Worker when lease.Tries + 1 >= options.MaxTries =>
                again with { Error = $"Given up after {lease.Tries + 1} tries, the last by worker {lease.Worker}: {said}" },
            ErrorClass.Worker => again with { Tries = lease.Tries + 1, After = options.RetryAfter },
            ErrorClass.Crash or ErrorClass.OutOfMemory when lease.Crashes + 1 >= options.MaxCrashes =>
                again with { Error = $"Given up after {lease.Crashes + 1} render processes died over it, the last of worker {lease.Worker} in attempt {lease.AttemptId}: {said}" },
            ErrorClass.Crash or ErrorClass.OutOfMemory => again with { Crashes = lease.Crashes + 1, After = options.RetryAfter },
            _ => throw new ArgumentOutOfRangeException(nameof(report), report.ErrorClass, "Unknown error class."),
        };
    }
}
