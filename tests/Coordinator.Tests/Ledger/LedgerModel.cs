using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>The ledger's promises told the slow way: one object per frame and no ranges at all. What the ledger answers is compared with this.</summary>
internal sealed class LedgerModel
{
    public Dictionary<Guid, ModelJob> Jobs { get; } = [];

    public Dictionary<Guid, ModelAttempt> Attempts { get; } = [];

    public IEnumerable<ModelAttempt> Live => Attempts.Values.Where(attempt => attempt.IsLive);

    public void Offer(LeaseOffered offer, string worker, bool isOverdue)
    {
        var job = Jobs[offer.JobId];
        job.State = JobState.Running;
        Attempts.Add(offer.AttemptId, new ModelAttempt { Offer = offer, Worker = worker, IsOverdue = isOverdue });
        foreach (var frame in offer.Frames)
        {
            Assert.Null(job.Frames[(int)frame.Index].State);
            Assert.Null(job.Frames[(int)frame.Index].HeldBy);
            job.Frames[(int)frame.Index].HeldBy = offer.AttemptId;
        }
    }

    /// <summary>What the ledger must answer.</summary>
    public (List<long> Committed, List<long> Refused) Commit(FramesRendered report)
    {
        var (committed, refused) = (new List<long>(), new List<long>());
        if (!Jobs.TryGetValue(report.JobId, out var job))
        {
            return (committed, [.. report.Frames.Select(frame => frame.Index)]);
        }

        var attempt = Attempts.GetValueOrDefault(report.AttemptId);
        var isNamedRight = attempt is not null && attempt.Offer.Fence == report.Fence;
        foreach (var index in report.Frames.Select(frame => frame.Index))
        {
            var frame = isNamedRight && attempt!.Holds(index) ? job.Frames[(int)index] : null;
            var isFresh = frame is { State: null } && !attempt!.Refused.Contains(index) && (frame.HeldBy == report.AttemptId || frame.HeldBy is null) && job.State == JobState.Running;
            if (isFresh)
            {
                (frame!.State, frame.SettledBy, frame.HeldBy) = (FrameState.Rendered, report.AttemptId, null);
                attempt!.IsOverdue = false;
            }

            var isMine = frame is { State: FrameState.Rendered } && frame.SettledBy == report.AttemptId;
            (isMine ? committed : refused).Add(index);
            if (!isMine && isNamedRight)
            {
                attempt!.Refused.Add(index);
            }
        }

        Settle(report.JobId);
        return (committed, refused);
    }

    public void End(LeaseEnded report)
    {
        if (!Attempts.TryGetValue(report.AttemptId, out var attempt) || !attempt.IsLive || attempt.Offer.Fence != report.Fence)
        {
            return;
        }

        var named = report.Failed.Select(frame => frame.Index).ToHashSet();
        foreach (var frame in Held(attempt))
        {
            var (tries, crashes) = report.ErrorClass switch
            {
                ErrorClass.Worker => (1, 0),
                ErrorClass.Crash or ErrorClass.OutOfMemory => (0, 1),
                _ => (0, 0),
            };
            var isGivenUp = named.Contains(frame.Index) || (report.ErrorClass == ErrorClass.Request && named.Count == 0) || (tries == 1 && frame.Tries == 2);
            frame.HeldBy = null;
            if (isGivenUp || (crashes == 1 && frame.Crashes == 1))
            {
                (frame.State, frame.SettledBy) = (isGivenUp ? FrameState.Failed : FrameState.Quarantined, report.AttemptId);
            }
            else if (tries + crashes > 0)
            {
                (frame.Tries, frame.Crashes, frame.IsAlone) = (frame.Tries + tries, frame.Crashes + crashes, frame.IsAlone || crashes > 0);
                frame.TriedWorkers.Add(attempt.Worker);
            }
        }

        attempt.IsLive = false;
        Settle(report.JobId);
    }

    public void Return(ModelAttempt attempt)
    {
        foreach (var frame in Held(attempt))
        {
            frame.HeldBy = null;
        }

        attempt.IsLive = false;
    }

    public void Cancel(Guid jobId)
    {
        var job = Jobs[jobId];
        if (job.IsTerminal)
        {
            return;
        }

        foreach (var attempt in Live.Where(attempt => attempt.Offer.JobId == jobId).ToList())
        {
            Return(attempt);
        }

        job.State = JobState.Cancelled;
        job.Frames.FindAll(frame => frame.State == FrameState.Quarantined).ForEach(frame => frame.State = FrameState.Failed);
    }

    private List<ModelFrame> Held(ModelAttempt attempt) => [.. Jobs[attempt.Offer.JobId].Frames.Where(frame => frame.HeldBy == attempt.Offer.AttemptId)];

    /// <summary>Leases without frames are over, and so are jobs without unsettled frames.</summary>
    private void Settle(Guid jobId)
    {
        var job = Jobs[jobId];
        foreach (var attempt in Live.Where(attempt => attempt.Offer.JobId == jobId && Held(attempt).Count == 0).ToList())
        {
            attempt.IsLive = false;
        }

        if (!job.IsTerminal && job.Frames.All(frame => frame.State is FrameState.Rendered or FrameState.Failed))
        {
            job.State = job.Frames.Any(frame => frame.State == FrameState.Rendered) ? JobState.Completed : JobState.Failed;
        }
    }

    /// <summary>Each frame as a letter with its holder or strikes, from the model.</summary>
    public string Picture(Guid jobId)
    {
        var job = Jobs[jobId];
        return job.State + " " + string.Join(' ', job.Frames.Select(frame => frame switch
        {
            { State: { } state } => $"{state}:{frame.SettledBy}",
            { HeldBy: { } attempt } => $"held:{attempt}",
            _ => job.State == JobState.Cancelled ? "never" : $"waits:{new Strikes(frame.Tries, frame.Crashes, frame.IsAlone, string.Join(' ', frame.TriedWorkers))}",
        }));
    }

    /// <summary>The same picture, from the rows.</summary>
    public static string Picture(Job job, IEnumerable<Span> spans, IEnumerable<Lease> leases, IEnumerable<Frame> frames)
    {
        var picture = Enumerable.Repeat("never", (int)job.FrameCount).ToArray();
        foreach (var span in spans)
        {
            Array.Fill(picture, $"waits:{span.Strikes}", (int)span.First, (int)span.Count);
        }

        foreach (var lease in leases)
        {
            Array.Fill(picture, $"held:{lease.AttemptId}", (int)lease.First, lease.Count);
        }

        foreach (var frame in frames)
        {
            picture[frame.Index] = $"{frame.State}:{frame.AttemptId}";
        }

        return job.State + " " + string.Join(' ', picture);
    }
}
