using Microsoft.Extensions.Logging;
using RenderFarm.Shared;

namespace RenderFarm.Worker.Leases;

/// <content>When the worker takes no leases, and how it gets rid of those that it has.</content>
internal sealed partial class HeldLeases
{
    private readonly SortedDictionary<Closing, string> _closed = [];

    /// <summary>Whether the worker finishes what it has and takes no more. One whose spool is full does not drain: it waits for the store.</summary>
    public bool IsDraining => DrainReason is not null;

    /// <summary>Why it drains; null when it does not.</summary>
    public string? DrainReason
    {
        get
        {
            lock (_lock)
            {
                return _closed.Where(closed => closed.Key != Closing.SpoolFull).Select(closed => closed.Value).FirstOrDefault();
            }
        }
    }

    public bool IsClosed(Closing why)
    {
        lock (_lock)
        {
            return _closed.ContainsKey(why);
        }
    }

    /// <summary>Takes no more, and hands back what no batch has yet. Batches that are being rendered go on.</summary>
    public void Close(Closing why, string reason)
    {
        lock (_lock)
        {
            if (_closed.TryGetValue(why, out var known) && known == reason)
            {
                return;
            }

            _closed[why] = reason;
            foreach (var lease in _held.Where(lease => lease.Waiting.Count > 0).ToList())
            {
                // A lease with pictures in a full spool would keep its waiting frames from others for as long as the outage lasts.
                HandBack(lease, new LeaseEnding(AttemptOutcome.Released, null, reason), isAtOnce: why == Closing.SpoolFull);
            }

            SignalIfEmpty();
        }

        LogClosed(reason);
        bell.Ring();
    }

    /// <summary>This is no longer a reason to take none.</summary>
    public void Open(Closing why)
    {
        lock (_lock)
        {
            if (!_closed.Remove(why))
            {
                return;
            }
        }

        LogOpened(why);
        bell.Ring();
    }

    /// <summary>Closes for the end of the process. The task ends when nothing is held any more.</summary>
    public Task DrainAsync()
    {
        Close(Closing.Stopping, "The worker was stopped.");
        return _empty.Task;
    }

    /// <summary>Ends the batches that are being rendered at their next step.</summary>
    public void StopRendering() => _stopRendering.Cancel();

    /// <summary>Hands back all leases as they are. Their pictures stay in the spool, and the ledger decides when they are reported.</summary>
    public void Abandon()
    {
        List<HeldLease> left;
        lock (_lock)
        {
            left = [.. _held];
            left.ForEach(lease => HandBack(lease, Released, isAtOnce: true));
        }

        left.ForEach(lease => lease.Revoke());
    }

    // Under the lock.
    private void HandBack(HeldLease lease, LeaseEnding ending, bool isAtOnce)
    {
        lease.Ending ??= ending;
        lease.Waiting.Clear();
        if (isAtOnce)
        {
            Leave(lease);
            Report(lease);
        }
        else
        {
            LeaveIfOver(lease);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Taking no more leases: {Reason}")]
    private partial void LogClosed(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Taking leases again: {Why} is over")]
    private partial void LogOpened(Closing why);
}
