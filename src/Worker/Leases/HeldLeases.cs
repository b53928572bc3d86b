using Microsoft.Extensions.Logging;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Membership;

namespace RenderFarm.Worker.Leases;

/// <summary>
/// The leases that this worker holds and where their frames are: waiting, busy (rendering, uploading, committing) or failed.
/// A lease leaves when none of its frames is waiting or busy; only one that ends without all its frames committed is reported.
/// </summary>
internal sealed partial class HeldLeases(WorkerIdentity me, CoordinatorLink link, HeartbeatBell bell, ILogger<HeldLeases> logger) : IDisposable
{
    /// <summary>How a lease ends that a draining worker hands back.</summary>
    public static LeaseEnding Released { get; } = new(AttemptOutcome.Released, null, "The worker is draining.");

    private readonly Lock _lock = new();
    private readonly List<HeldLease> _held = [];
    private readonly RecentAttempts _ended = new();
    private readonly SemaphoreSlim _work = new(0);
    private readonly CancellationTokenSource _stopRendering = new();
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isOverrated;

    /// <summary>The leases, as the heartbeat names them.</summary>
    public IReadOnlyList<Guid> Attempts
    {
        get
        {
            lock (_lock)
            {
                return [.. _held.Select(lease => lease.Offer.AttemptId)];
            }
        }
    }

    /// <summary>
    /// Leases of which nothing is left to do but to store and commit pictures. While the store is away, the worker may hold as many more:
    /// the spool has room for what it renders meanwhile.
    /// </summary>
    public int Parked
    {
        get
        {
            lock (_lock)
            {
                return _held.Count(lease => lease.IsParked);
            }
        }
    }

    /// <summary>Whether more was offered than the window allows since this was asked last: what the coordinators think of the window is wrong.</summary>
    public bool WasOverrated()
    {
        lock (_lock)
        {
            var was = _isOverrated;
            _isOverrated = false;
            return was;
        }
    }

    /// <summary>Takes an offered lease and says so, or hands it back. One that was seen before is left as it is.</summary>
    public void Take(LeaseOffered offer)
    {
        lock (_lock)
        {
            if (_held.Exists(lease => lease.Offer.AttemptId == offer.AttemptId) || _ended.Contains(offer.AttemptId))
            {
                LogDuplicate(offer.AttemptId, offer.JobId);
                return;
            }

            if (WhyNot() is { } reason)
            {
                _ended.Add(offer.AttemptId);
                Report(offer, Released with { Message = reason }, [], null);
                return;
            }

            _held.Add(new HeldLease(offer));
            link.Post(new LeaseAccepted(me.Name, me.Epoch, offer.JobId, offer.AttemptId, offer.Fence));
            LogTaken(offer.AttemptId, offer.JobId, offer.Frames.Count, offer.Model);
        }

        bell.Ring();
        _work.Release();
    }

    /// <summary>Ends a lease that was offered but cannot be taken.</summary>
    public void Refuse(LeaseOffered offer, string message) => End(offer, new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Worker, message));

    /// <summary>Ends a lease that was offered and that another worker may take; nobody is blamed.</summary>
    public void HandBack(LeaseOffered offer, string message) => End(offer, Released with { Message = message });

    private void End(LeaseOffered offer, LeaseEnding ending)
    {
        lock (_lock)
        {
            if (!_ended.Contains(offer.AttemptId))
            {
                _ended.Add(offer.AttemptId);
                Report(offer, ending, [], null);
            }
        }
    }

    /// <summary>Waits for frames to render: the first waiting ones of the lease that was taken first.</summary>
    public async Task<Batch> NextBatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (_lock)
            {
                if (_held.Find(lease => lease.Waiting.Count > 0) is { } lease)
                {
                    var rows = new List<BatchRow>(me.BatchSize);
                    while (rows.Count < me.BatchSize && lease.Waiting.TryDequeue(out var frame))
                    {
                        rows.Add(new BatchRow(lease, frame));
                    }

                    lease.Busy += rows.Count;
                    _work.Release();
                    return new Batch(rows, _stopRendering.Token);
                }
            }

            await _work.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A busy frame cannot be rendered; the others of its lease go on.</summary>
    public void Fail(HeldLease lease, long index, string error)
    {
        lock (_lock)
        {
            lease.Busy--;
            lease.Failed.Add(new FailedFrame(index, error));
            LeaveIfOver(lease);
        }
    }

    /// <summary>A busy frame is rendered and lies in the spool.</summary>
    public void Spool(HeldLease lease)
    {
        lock (_lock)
        {
            lease.Spooled++;
        }
    }

    /// <summary>The commit of spooled frames was answered. Of a lease that is held no more, there is nothing left to do.</summary>
    public void Settle(Guid attempt, int frames)
    {
        lock (_lock)
        {
            if (_held.Find(lease => lease.Offer.AttemptId == attempt) is { } lease)
            {
                (lease.Busy, lease.Spooled) = (lease.Busy - frames, lease.Spooled - frames);
                LeaveIfOver(lease);
            }
        }
    }

    /// <summary>A spooled frame was lost; its lease is reported once its other frames are settled.</summary>
    public void GiveUp(Guid attempt, long index, LeaseEnding ending)
    {
        lock (_lock)
        {
            if (_held.Find(lease => lease.Offer.AttemptId == attempt) is { } lease)
            {
                lease.Spooled--;
                GiveUp(lease, [index], ending);
            }
        }
    }

    /// <summary>Frames of a lease that are not settled; null when it is not held.</summary>
    public int? Unsettled(Guid attempt)
    {
        lock (_lock)
        {
            return _held.Find(lease => lease.Offer.AttemptId == attempt) is { } lease ? lease.Waiting.Count + lease.Busy : null;
        }
    }

    /// <summary>Busy frames were not rendered and what waits of their lease will not be; the lease is reported once its other frames are settled.</summary>
    public void GiveUp(HeldLease lease, IReadOnlyList<long> frames, LeaseEnding ending)
    {
        lock (_lock)
        {
            // The first fault tells most; a hand-back tells nothing.
            lease.Ending = lease.Ending is { ErrorClass: not null } first ? first : ending;
            lease.Struck.AddRange(ending.ErrorClass is null ? [] : frames);
            lease.Busy -= frames.Count;
            lease.Waiting.Clear();
            LeaveIfOver(lease);
        }
    }

    /// <summary>The coordinator took leases back: nothing of them is rendered any more.</summary>
    public void Revoke(IReadOnlyCollection<Guid> attempts, string reason)
    {
        List<HeldLease> revoked;
        lock (_lock)
        {
            revoked = [.. _held.Where(lease => attempts.Contains(lease.Offer.AttemptId))];
            revoked.ForEach(Leave);
        }

        foreach (var lease in revoked)
        {
            LogRevoked(lease.Offer.AttemptId, lease.Offer.JobId, reason);
            lease.Revoke();
        }
    }

    // Under the lock.
    private string? WhyNot()
    {
        if (_closed.Count > 0)
        {
            return _closed.First().Value;
        }

        var window = me.Window + _held.Count(lease => lease.IsParked);
        if (_held.Count < window)
        {
            return null;
        }

        _isOverrated = true;
        return $"The worker holds {_held.Count} leases already; its window is {window}.";
    }

    public void Dispose()
    {
        _stopRendering.Dispose();
        _work.Dispose();
    }
}
