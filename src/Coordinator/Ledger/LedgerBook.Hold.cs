using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class LedgerBook
{
    /// <summary>Ends a job: nothing of it waits any more, its leases are revoked, its quarantined frames have failed. False when it had ended before.</summary>
    public bool Cancel(Job job)
    {
        if (job.IsTerminal)
        {
            return false;
        }

        foreach (var lease in LeasesOf(job))
        {
            EndLease(lease, AttemptOutcome.Cancelled);
        }

        Changes.ClearedJobs.Add(job.Id);
        var quarantined = QuarantinedOf(job, null);
        Touch(job.Id, failed: quarantined.Count).Cancel(Now);
        Changes.DroppedFrames.AddRange(quarantined.Select(frame => (job, frame.Index)));
        return true;
    }

    /// <summary>Holds a job: its leases are revoked, and their frames wait out of the queue's sight. False when it is not queued or running.</summary>
    public bool Pause(Job job)
    {
        if (!job.CanLease)
        {
            return false;
        }

        Touch(job.Id).Pause();
        foreach (var lease in LeasesOf(job))
        {
            Return(lease, AttemptOutcome.Released, "The job was paused.");
        }

        Changes.RankedJobs.Add(job);
        return true;
    }

    /// <summary>Puts a paused job back into the queue, at the place that it had. False when it is not paused.</summary>
    public bool Resume(Job job)
    {
        if (job.State != JobState.Paused)
        {
            return false;
        }

        Touch(job.Id).Resume();
        Changes.RankedJobs.Add(job);
        return true;
    }

    /// <summary>Quarantined frames wait again as if nothing had happened; the answer is how many. Null for all of them.</summary>
    public int Requeue(Job job, IReadOnlyCollection<long>? indexes)
    {
        var frames = QuarantinedOf(job, indexes);
        if (frames.Count == 0)
        {
            return 0;
        }

        Touch(job.Id).Requeue(frames.Count);
        foreach (var (first, count) in Runs(frames.Select(frame => frame.Index)))
        {
            _spans[job.Id].PutBack(first, count, Strikes.None, Now);
        }

        foreach (var frame in frames)
        {
            _settled.Remove((job.Id, frame.Index));
            Changes.RequeuedFrames.Add((job.Id, frame.Index));
        }

        return frames.Count;
    }

    /// <summary>Quarantined frames have failed; the answer is how many. Null for all of them.</summary>
    public int Drop(Job job, IReadOnlyCollection<long>? indexes)
    {
        var frames = QuarantinedOf(job, indexes);
        if (frames.Count > 0)
        {
            Touch(job.Id, failed: frames.Count).Drop(frames.Count, Now);
            foreach (var frame in frames)
            {
                _settled[(job.Id, frame.Index)] = frame with { State = FrameState.Failed };
                Changes.DroppedFrames.Add((job, frame.Index));
            }
        }

        return frames.Count;
    }

    private List<Lease> LeasesOf(Job job) => [.. _leases.Values.Where(lease => lease.JobId == job.Id)];

    private List<SettledFrame> QuarantinedOf(Job job, IReadOnlyCollection<long>? indexes)
    {
        var wanted = indexes?.ToHashSet();
        return
        [
            .. _settled.Values
                .Where(frame => frame.JobId == job.Id && frame.State == FrameState.Quarantined && (wanted is null || wanted.Contains(frame.Index)))
                .OrderBy(frame => frame.Index),
        ];
    }
}
