using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class LedgerBook
{
    private const int MaxMessageLength = 2000;

    /// <summary>As the protocol says; its end tells more than its beginning.</summary>
    private const int MaxEvidenceLength = 8192;

    /// <summary>
    /// Ends a lease: frames given up by name fail, struck ones are tried again, fail or are quarantined by error class, the rest returns to spans.
    /// A stale report changes nothing.
    /// </summary>
    public void End(LeaseEnded said)
    {
        var report = said with
        {
            Message = Storable(said.Message, MaxMessageLength),
            Failed = [.. said.Failed.Select(frame => frame with { Error = Storable(frame.Error, MaxMessageLength) ?? "no reason given" })],
        };
        if (LiveLease(report.AttemptId, report.Fence, report.JobId) is not { } lease)
        {
            return;
        }

        Touch(lease.JobId);
        var named = report.Failed.Where(frame => frame.Index >= lease.First && frame.Index < lease.End && !IsSettled(lease, frame.Index)).DistinctBy(frame => frame.Index).ToList();
        Settle(lease, named, FrameState.Failed);
        var struck = report.Struck?.ToHashSet();
        var left = Left(lease).SelectMany(Frames).ToLookup(index => struck is null || struck.Contains(index));
        Decide(lease, left[true], Retry.Decide(lease, report, _options));
        Decide(lease, left[false], Retry.Unstruck(lease));
        var outcome = report.Outcome is AttemptOutcome.Succeeded or AttemptOutcome.Partial ? AttemptOutcome.Released : report.Outcome;
        EndLease(lease, outcome, report.ErrorClass, report.Message, Storable(said.Evidence, MaxEvidenceLength, fromEnd: true));
    }

    /// <summary>Ends leases whose time is over by now; ones renewed since they were looked up stay.</summary>
    public void Expire()
    {
        foreach (var lease in _leases.Values.Where(lease => (lease.LeaseUntil ?? lease.AcceptBy) <= Now).ToList())
        {
            Return(lease, AttemptOutcome.Expired);
        }
    }

    /// <summary>Ends all leases read: their worker is gone.</summary>
    public void Release(string reason)
    {
        foreach (var lease in _leases.Values.ToList())
        {
            Return(lease, AttemptOutcome.Released, reason);
        }
    }

    private void Return(Lease lease, AttemptOutcome outcome, string? reason = null)
    {
        Touch(lease.JobId);
        PutBack(lease, lease.Strikes, Now);
        EndLease(lease, outcome, message: reason);
    }

    private void PutBack(Lease lease, Strikes strikes, DateTimeOffset availableAt)
    {
        foreach (var (first, count) in Left(lease).ToList())
        {
            _spans[lease.JobId].PutBack(first, count, strikes, availableAt);
        }
    }

    private void Decide(Lease lease, IEnumerable<long> frames, Retry retry)
    {
        if (retry.Fate == Fate.Again)
        {
            foreach (var (first, count) in Runs(frames))
            {
                _spans[lease.JobId].PutBack(first, count, retry.Strikes, Now + retry.After);
            }
        }
        else
        {
            Settle(lease, [.. frames.Select(index => new FailedFrame(index, retry.Error!))], retry.Fate == Fate.Quarantined ? FrameState.Quarantined : FrameState.Failed);
        }
    }

    /// <summary>Frames fail or are quarantined.</summary>
    private void Settle(Lease lease, List<FailedFrame> frames, FrameState state)
    {
        if (frames.Count == 0)
        {
            return;
        }

        var job = Touch(lease.JobId, failed: state == FrameState.Failed ? frames.Count : 0);
        if (state == FrameState.Failed)
        {
            job.GiveUp(frames.Count, frames[0].Error, Now);
        }
        else
        {
            job.Quarantine(frames.Count, frames[0].Error);
        }

        foreach (var frame in frames)
        {
            _settled.Add((job.Id, frame.Index), new SettledFrame(job.Id, frame.Index, lease.AttemptId, state));
            Changes.AddedFrames.Add(new Frame
            {
                JobId = job.Id,
                Index = frame.Index,
                State = state,
                Seed = JobPrompts.SeedOf(job, frame.Index),
                AttemptId = lease.AttemptId,
                Worker = lease.Worker,
                Error = frame.Error,
                CommittedAt = Now,
                Version = job.Version,
            });
        }
    }

    /// <summary>Native errors come with zero bytes, which PostgreSQL does not store, and at any length.</summary>
    private static string? Storable(string? text, int length, bool fromEnd = false)
    {
        var clean = text?.Replace("\0", "", StringComparison.Ordinal);
        return clean is null || clean.Length <= length ? clean : fromEnd ? clean[^length..] : clean[..length];
    }

    private static IEnumerable<long> Frames((long First, long Count) range)
    {
        for (var index = range.First; index < range.First + range.Count; index++)
        {
            yield return index;
        }
    }

    /// <summary>Growing indexes as ranges.</summary>
    private static IEnumerable<(long First, long Count)> Runs(IEnumerable<long> indexes)
    {
        var (first, count) = (0L, 0L);
        foreach (var index in indexes)
        {
            if (count > 0 && index != first + count)
            {
                yield return (first, count);
                count = 0;
            }

            (first, count) = count == 0 ? (index, 1) : (first, count + 1);
        }

        if (count > 0)
        {
            yield return (first, count);
        }
    }
}
