using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>The ledger's promises told the slow way: one object per frame and no ranges at all. What the ledger answers is compared with this.</summary>
internal sealed partial class LedgerModel
{
    public Dictionary<Guid, ModelJob> Jobs { get; } = [];

    public Dictionary<Guid, ModelAttempt> Attempts { get; } = [];

    public DateTimeOffset Now { get; set; }

    /// <summary>How often each thing went from one state to another, or stayed where it was, by each event.</summary>
    public Dictionary<(string Thing, string From, string Event, string To), long> Transitions { get; } = [];

    /// <summary>Those that changed something.</summary>
    public long Moves { get; private set; }

    public IEnumerable<ModelAttempt> Live => Attempts.Values.Where(attempt => attempt.IsLive);

    public void Submit(Job job) => Jobs.Add(job.Id, new ModelJob
    {
        Job = job,
        Frames = [.. LedgerData.Range(0, job.FrameCount).Select(index => new ModelFrame { JobId = job.Id, Index = index, AvailableAt = Now })],
    });

    /// <summary>What the queue's head must be: the job, the first frame and the number of frames.</summary>
    public List<(Guid, long, long, Strikes)> Waiting(int limit) =>
    [
        .. Jobs.Values.Where(job => job.CanLease)
            .OrderBy(job => job.Job.Class).ThenByDescending(job => job.Job.Priority).ThenBy(job => job.Job.CreatedAt).ThenBy(job => job.Job.Id)
            .SelectMany(job => Runs(job).Where(run => run[0].AvailableAt <= Now).Select(run => (job.Job.Id, run[0].Index, (long)run.Count, run[0].Strikes)))
            .Take(limit),
    ];

    /// <summary>Whether the plan must win, on what waits now.</summary>
    public bool Wins(OfferPlan plan) => Jobs.TryGetValue(plan.JobId, out var job) && job.CanLease
        && Runs(job).Find(run => run[0].Index == plan.First) is { } run && run.Count >= plan.Count && run[0].AvailableAt <= Now
        && !(run[0].Strikes.Alone && plan.Count > 1) && run[0].Strikes.TriedWorkers == plan.TriedWorkers;

    public void Offer(OfferPlan plan, LeaseOffered offer, LedgerOptions options)
    {
        var job = Jobs[offer.JobId];
        Assert.Equal((plan.AttemptId, plan.First, plan.Count), (offer.AttemptId, offer.Frames[0].Index, offer.Frames.Count));
        Assert.True(offer.Fence > job.LastFence, "A fence does not grow.");
        job.LastFence = offer.Fence;
        job.HasStarted = true;
        Move(job, "offer", JobState.Running);
        var attempt = new ModelAttempt { Offer = offer, Worker = plan.Worker, Epoch = plan.WorkerEpoch, AcceptBy = Now + options.AcceptWithin };
        Attempts.Add(offer.AttemptId, attempt);
        Count("lease", "none", "offer", "Offered");
        foreach (var index in offer.Frames.Select(frame => frame.Index))
        {
            var frame = job.Frames[(int)index];
            Assert.Equal(FrameState.Waiting, frame.State);
            Assert.Equal(frame.Strikes.Alone, offer.Alone);
            Move(frame, "offer", FrameState.Rendering, offer.AttemptId);
        }
    }

    /// <summary>Whether the lease lives.</summary>
    public bool Accept(LeaseAccepted accepted, LedgerOptions options)
    {
        var attempt = Attempts.GetValueOrDefault(accepted.AttemptId);
        if (attempt is not { IsLive: true } || attempt.Offer.Fence != accepted.Fence)
        {
            Count("lease", attempt?.State ?? "none", "accept", attempt?.State ?? "none");
            return false;
        }

        Accepted(attempt, "accept", attempt.LeaseUntil ?? Now + options.LeaseFor);
        return true;
    }

    /// <summary>Whether the lease lives and is that worker's.</summary>
    public bool Renew(string worker, long epoch, Guid attemptId, LedgerOptions options)
    {
        var attempt = Attempts.GetValueOrDefault(attemptId);
        if (attempt is not { IsLive: true } || (attempt.Worker, attempt.Epoch) != (worker, epoch))
        {
            Count("lease", attempt?.State ?? "none", "renew", attempt?.State ?? "none");
            return false;
        }

        Accepted(attempt, "renew", Later(attempt.LeaseUntil, Now + options.LeaseFor));
        return true;
    }

    public int Extend(TimeSpan time)
    {
        var live = Live.ToList();
        foreach (var attempt in live)
        {
            attempt.AcceptBy = Later(attempt.AcceptBy, Now + time);
            attempt.LeaseUntil = attempt.LeaseUntil is null ? null : Later(attempt.LeaseUntil, Now + time);
            Count("lease", attempt.State, "extend", attempt.State);
        }

        return live.Count;
    }

    /// <summary>What the ledger must answer.</summary>
    public (List<long> Committed, List<long> Refused, List<long> Fresh) Commit(FramesRendered report, LedgerOptions options)
    {
        var (committed, refused, fresh) = (new List<long>(), new List<long>(), new List<long>());
        var job = Jobs.GetValueOrDefault(report.JobId);
        var attempt = Attempts.GetValueOrDefault(report.AttemptId);
        var isNamedRight = job is not null && attempt is not null && attempt.Offer.Fence == report.Fence && attempt.Offer.JobId == report.JobId;
        foreach (var index in report.Frames.Select(frame => frame.Index))
        {
            var frame = isNamedRight && attempt!.Holds(index) ? job!.Frames[(int)index] : null;
            var isFresh = frame is not null && job!.State == JobState.Running && !attempt!.Refused.Contains(index)
                && (frame.State == FrameState.Waiting || (frame.State == FrameState.Rendering && frame.By == report.AttemptId));
            if (isFresh)
            {
                Move(frame!, "commit", FrameState.Rendered, report.AttemptId);
                attempt!.Rendered++;
                fresh.Add(index);
            }
            else if (frame is not null)
            {
                Count("frame", frame.State.ToString(), frame.By == report.AttemptId ? "commit again" : "commit late", frame.State.ToString());
            }

            var isMine = frame is { State: FrameState.Rendered } && frame.By == report.AttemptId;
            (isMine ? committed : refused).Add(index);
            if (frame is not null && !isMine)
            {
                attempt!.Refused.Add(index);
            }
        }

        if (fresh.Count > 0)
        {
            if (attempt!.IsLive && Held(attempt).Count == 0)
            {
                End(attempt, "commit the last", AttemptOutcome.Succeeded);
            }
            else if (attempt.IsLive)
            {
                Accepted(attempt, "commit", Later(attempt.LeaseUntil, Now + options.LeaseFor));
            }

            Settle(job!, "commit");
        }

        return (committed, refused, fresh);
    }

    private static DateTimeOffset Later(DateTimeOffset? left, DateTimeOffset right) => left > right ? left.Value : right;

    private void Accepted(ModelAttempt attempt, string change, DateTimeOffset leaseUntil)
    {
        Count("lease", attempt.State, change, "Accepted");
        (attempt.IsAccepted, attempt.LeaseUntil) = (true, leaseUntil);
    }

    /// <summary>Neighbours that wait with equal strikes are one span.</summary>
    private static List<List<ModelFrame>> Runs(ModelJob job)
    {
        var runs = new List<List<ModelFrame>>();
        ModelFrame? before = null;
        foreach (var frame in job.Frames)
        {
            if (frame.State == FrameState.Waiting)
            {
                if (before is { State: FrameState.Waiting } && before.Strikes == frame.Strikes)
                {
                    runs[^1].Add(frame);
                }
                else
                {
                    runs.Add([frame]);
                }
            }

            before = frame;
        }

        return runs;
    }

    private List<ModelFrame> Held(ModelAttempt attempt) =>
        Jobs[attempt.Offer.JobId].Frames.GetRange((int)attempt.First, attempt.Offer.Frames.Count)
            .FindAll(frame => frame.State == FrameState.Rendering && frame.By == attempt.Offer.AttemptId);

    private void Move(ModelFrame frame, string change, FrameState to, Guid by)
    {
        Count("frame", frame.State.ToString(), change, to.ToString());
        (frame.State, frame.By) = (to, by);
    }

    private void Move(ModelJob job, string change, JobState to)
    {
        Count("job", job.State.ToString(), change, to.ToString());
        job.State = to;
    }

    private void Count(string thing, string from, string change, string to)
    {
        var key = (thing, from, change, to);
        Transitions[key] = Transitions.GetValueOrDefault(key) + 1;
        Moves += from == to ? 0 : 1;
    }
}
