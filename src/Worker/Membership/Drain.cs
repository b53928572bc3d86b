using Microsoft.Extensions.Logging;

namespace RenderFarm.Worker.Membership;

/// <summary>How a worker stops: it finishes the batch in hand, commits what is done, hands back the rest and leaves, all in bounded time.</summary>
internal sealed partial class Drain(Holdings holdings, FarmMembership membership, CoordinatorLink link, ILogger<Drain> logger)
{
    // Of the time that a drain may take, this share is for uploads and commits after rendering has been stopped, and this for the last messages, which
    // have time for one try in any case.
    private const double CommitShare = 0.25;
    private const double GoodbyeShare = 0.1;
    private static readonly TimeSpan LeastGoodbye = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the worker has left, or when the time is up.</summary>
    public async Task RunAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            var empty = Task.WhenAll(holdings.Leases.DrainAsync(), WhatCanBeSentAsync());
            LogDraining(holdings.Leases.Attempts.Count);
            await EndsWithinAsync(membership.BeatAsync(limited.Token), LeastGoodbye, time, limited.Token);
            if (!await EndsWithinAsync(empty, timeout * (1 - CommitShare - GoodbyeShare), time, limited.Token))
            {
                holdings.Leases.StopRendering();
                await EndsWithinAsync(empty, timeout * CommitShare, time, limited.Token);
            }

            LogLeaving(holdings.Leases.Attempts.Count, holdings.Spool.Bytes);
            holdings.Leases.Abandon();
            membership.Leave("The worker was stopped.");
            await GoodbyeAsync(timeout, time, limited.Token);
        }
        catch (OperationCanceledException) when (limited.IsCancellationRequested)
        {
            LogOutOfTime(timeout);
        }
        finally
        {
            holdings.Leases.StopRendering();
        }
    }

    /// <summary>Waits for the last messages to go out, for a share of the whole time: while the broker is away, they would take all that is left of it.</summary>
    private async Task GoodbyeAsync(TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var most = timeout * GoodbyeShare > LeastGoodbye ? timeout * GoodbyeShare : LeastGoodbye;
        if (!await EndsWithinAsync(link.FlushAsync(cancellationToken), most, time, cancellationToken))
        {
            LogUnheard(most);
        }
    }

    // An idle worker does not keep its machine waiting for a store or a broker that is away: its pictures are safe in the spool.
    private Task WhatCanBeSentAsync() => holdings.Store.Problem is null && link.IsUp ? holdings.Spool.EmptyAsync() : Task.CompletedTask;

    private static async Task<bool> EndsWithinAsync(Task task, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            await task.WaitAsync(timeout, time, cancellationToken);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Draining: {Leases} leases are finished or handed back")]
    private partial void LogDraining(int leases);

    [LoggerMessage(Level = LogLevel.Information, Message = "Leaving the farm; {Leases} leases are handed back unfinished, {SpoolBytes} bytes of pictures stay in the spool for the next start")]
    private partial void LogLeaving(int leases, long spoolBytes);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The last messages did not go out within {Timeout}; the coordinators will miss this worker instead")]
    private partial void LogUnheard(TimeSpan timeout);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The drain did not end within {Timeout}; the coordinators will miss this worker instead")]
    private partial void LogOutOfTime(TimeSpan timeout);
}
