using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class LedgerBook
{
    private const int MaxMessageLength = 2000;

    /// <summary>Ends a lease: frames given up by name fail, the rest fails or returns to spans by error class. A stale report changes nothing.</summary>
    public void End(LeaseEnded said)
    {
        var report = said with { Message = Storable(said.Message), Failed = [.. said.Failed.Select(frame => frame with { Error = Storable(frame.Error) ?? "no reason given" })] };
        if (LiveLease(report.AttemptId, report.Fence, report.JobId) is not { } lease)
        {
            return;
        }

        Touch(lease.JobId);
        var named = report.Failed.Where(frame => frame.Index >= lease.First && frame.Index < lease.End && !IsSettled(lease, frame.Index)).DistinctBy(frame => frame.Index).ToList();
        GiveUp(lease, named);
        var retry = Retry.Decide(lease, report, _options);
        if (retry.Error is { } error)
        {
            GiveUp(lease, [.. Left(lease).SelectMany(range => Frames(range)).Select(index => new FailedFrame(index, error))]);
        }
        else
        {
            PutBack(lease, lease.Strikes with { Tries = retry.Tries, Crashes = retry.Crashes }, Now + retry.After);
        }

        var outcome = report.Outcome is AttemptOutcome.Succeeded or AttemptOutcome.Partial ? AttemptOutcome.Released : report.Outcome;
        EndLease(lease, outcome, report.ErrorClass, report.Message);
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

    /// <summary>Ends a job: nothing of it waits any more, and its leases are revoked. False when it had ended before.</summary>
    public bool Cancel(Job job)
    {
        if (job.IsTerminal)
        {
            return false;
        }

        foreach (var lease in _leases.Values.Where(lease => lease.JobId == job.Id).ToList())
        {
            EndLease(lease, AttemptOutcome.Cancelled);
        }

        Changes.ClearedJobs.Add(job.Id);
        Touch(job.Id).Cancel(Now);
        return true;
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

    private void GiveUp(Lease lease, List<FailedFrame> frames)
    {
        if (frames.Count == 0)
        {
            return;
        }

        var job = Touch(lease.JobId, failed: frames.Count);
        job.GiveUp(frames.Count, frames[0].Error, Now);
        foreach (var frame in frames)
        {
            _settled.Add((job.Id, frame.Index), new SettledFrame(job.Id, frame.Index, lease.AttemptId, FrameState.Failed));
            Changes.AddedFrames.Add(new Frame
            {
                JobId = job.Id,
                Index = frame.Index,
                State = FrameState.Failed,
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
    private static string? Storable(string? text) => text?.Replace("\0", "", StringComparison.Ordinal) is { } clean
        ? clean[..Math.Min(clean.Length, MaxMessageLength)]
        : null;

    private static IEnumerable<long> Frames((long First, long Count) range)
    {
        for (var index = range.First; index < range.First + range.Count; index++)
        {
            yield return index;
        }
    }
}
