using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

internal sealed partial class LedgerModel
{
    public void End(LeaseEnded report, LedgerOptions options)
    {
        var attempt = Attempts.GetValueOrDefault(report.AttemptId);
        if (attempt is not { IsLive: true } || attempt.Offer.Fence != report.Fence)
        {
            Count("lease", attempt?.State ?? "none", "end", attempt?.State ?? "none");
            return;
        }

        foreach (var frame in Held(attempt))
        {
            if (report.Failed.Any(failed => failed.Index == frame.Index))
            {
                Move(frame, "give up by name", FrameState.Failed, report.AttemptId);
            }
            else if (report.Struck is { } struck && !struck.Contains(frame.Index))
            {
                Wait(frame, "return unstruck", frame.Strikes, Now);
            }
            else
            {
                Strike(frame, attempt, report, options);
            }
        }

        Level(Jobs[report.JobId]);
        End(attempt, "end", report.Outcome);
        Settle(Jobs[report.JobId], "end");
    }

    /// <summary>Attempts whose time is over.</summary>
    public List<ModelAttempt> Overdue() => [.. Live.Where(attempt => (attempt.LeaseUntil ?? attempt.AcceptBy) <= Now)];

    /// <summary>The lease ends and nobody is struck.</summary>
    public void Return(ModelAttempt attempt, string change, AttemptOutcome outcome)
    {
        foreach (var frame in Held(attempt))
        {
            Wait(frame, change, frame.Strikes, Now);
        }

        Level(Jobs[attempt.Offer.JobId]);
        End(attempt, change, outcome);
    }

    public bool Cancel(Guid jobId)
    {
        var job = Jobs[jobId];
        if (job.IsTerminal)
        {
            Move(job, "cancel", job.State);
            return false;
        }

        foreach (var attempt in LiveOf(jobId))
        {
            End(attempt, "cancel", AttemptOutcome.Cancelled);
        }

        foreach (var frame in job.Frames.Where(frame => frame.State is not (FrameState.Rendered or FrameState.Failed)))
        {
            Move(frame, "cancel", frame.State == FrameState.Quarantined ? FrameState.Failed : FrameState.Cancelled, frame.By);
        }

        Move(job, "cancel", JobState.Cancelled);
        return true;
    }

    public bool Pause(Guid jobId)
    {
        var job = Jobs[jobId];
        var isPaused = job.CanLease;
        Move(job, "pause", isPaused ? JobState.Paused : job.State);
        foreach (var attempt in isPaused ? LiveOf(jobId) : [])
        {
            Return(attempt, "pause", AttemptOutcome.Released);
        }

        return isPaused;
    }

    public bool Resume(Guid jobId)
    {
        var job = Jobs[jobId];
        var isResumed = job.State == JobState.Paused;
        Move(job, "resume", !isResumed ? job.State : job.HasStarted ? JobState.Running : JobState.Queued);
        return isResumed;
    }

    /// <summary>How many frames wait again.</summary>
    public int Requeue(Guid jobId, IReadOnlyList<long>? indexes)
    {
        var frames = Quarantined(jobId, indexes);
        frames.ForEach(frame => Wait(frame, "requeue", Strikes.None, Now));
        Level(Jobs[jobId]);
        return frames.Count;
    }

    /// <summary>How many frames have failed.</summary>
    public int Drop(Guid jobId, IReadOnlyList<long>? indexes, string change = "drop", TimeSpan? since = null)
    {
        var frames = Quarantined(jobId, indexes).FindAll(frame => since is null || frame.QuarantinedAt <= Now - since);
        frames.ForEach(frame => Move(frame, change, FrameState.Failed, frame.By));
        if (frames.Count > 0)
        {
            Settle(Jobs[jobId], change);
        }

        return frames.Count;
    }

    private List<ModelFrame> Quarantined(Guid jobId, IReadOnlyList<long>? indexes) =>
        Jobs[jobId].Frames.FindAll(frame => frame.State == FrameState.Quarantined && (indexes is null || indexes.Contains(frame.Index)));

    private List<ModelAttempt> LiveOf(Guid jobId) => [.. Live.Where(attempt => attempt.Offer.JobId == jobId)];

    private void Strike(ModelFrame frame, ModelAttempt attempt, LeaseEnded report, LedgerOptions options)
    {
        var strikes = frame.Strikes with { TriedWorkers = string.Join(' ', frame.Strikes.TriedWorkers.Split(' ').Append(attempt.Worker).Where(name => name.Length > 0).ToHashSet().Order(StringComparer.Ordinal)) };
        switch (report.ErrorClass)
        {
            case ErrorClass.Request when report.Failed.Count == 0:
                Move(frame, "give up a bad request", FrameState.Failed, report.AttemptId);
                break;
            case ErrorClass.Worker when frame.Strikes.Tries == 2:
                Move(frame, "give up after the last try", FrameState.Failed, report.AttemptId);
                break;
            case ErrorClass.Worker:
                Wait(frame, "strike for the worker", strikes with { Tries = strikes.Tries + 1 }, Now + options.RetryAfter);
                break;
            case ErrorClass.Crash or ErrorClass.OutOfMemory when frame.Strikes.Crashes == 1:
                Move(frame, "quarantine", FrameState.Quarantined, report.AttemptId);
                frame.QuarantinedAt = Now;
                break;
            case ErrorClass.Crash or ErrorClass.OutOfMemory:
                Wait(frame, "strike for a death", strikes with { Crashes = 1, Alone = true }, Now + options.RetryAfter);
                break;
            default:
                Wait(frame, "return", frame.Strikes, Now);
                break;
        }
    }

    private void Wait(ModelFrame frame, string change, Strikes strikes, DateTimeOffset availableAt)
    {
        Move(frame, change, FrameState.Waiting, default);
        (frame.Strikes, frame.AvailableAt) = (strikes, availableAt);
    }

    /// <summary>In a span of several the earliest moment holds for all.</summary>
    private static void Level(ModelJob job)
    {
        foreach (var run in Runs(job))
        {
            var earliest = run.Min(frame => frame.AvailableAt);
            run.ForEach(frame => frame.AvailableAt = earliest);
        }
    }

    private void End(ModelAttempt attempt, string change, AttemptOutcome outcome)
    {
        var isPartial = attempt.Rendered > 0 && outcome is not (AttemptOutcome.Succeeded or AttemptOutcome.Expired or AttemptOutcome.Cancelled);
        outcome = isPartial ? AttemptOutcome.Partial : outcome;
        Count("lease", attempt.State, change, outcome.ToString());
        attempt.Outcome = outcome;
    }

    /// <summary>Jobs without unsettled frames are over.</summary>
    private void Settle(ModelJob job, string change)
    {
        if (job.Frames.TrueForAll(frame => frame.State is FrameState.Rendered or FrameState.Failed))
        {
            Move(job, change, job.Frames.Exists(frame => frame.State == FrameState.Rendered) ? JobState.Completed : JobState.Failed);
        }
    }
}
