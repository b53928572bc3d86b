using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Commits;

/// <summary>When and in whose name frames are reported.</summary>
internal sealed class CommitClock(WorkerIdentity me, TimeProvider time)
{
    /// <summary>Long enough to gather the frames of a batch, short enough that nobody waits for it.</summary>
    public static readonly TimeSpan GatherFor = TimeSpan.FromMilliseconds(200);

    /// <summary>A lease whose frames come fast is reported no more often than this, or its reports would outnumber its batches.</summary>
    public static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    // Coordinators that are away for hours find one report of a frame in their queue for each half minute at most.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    public long Now => time.GetTimestamp();

    public bool HasPassed(TimeSpan period, long since) => time.GetElapsedTime(since) >= period;

    /// <summary>Whether a frame that was reported this many times should have been answered.</summary>
    public bool IsOverdue(long since, int times) => times == 0 || HasPassed(times > 3 ? LongestWait : AnswerWithin * (1 << (times - 1)), since);

    public ITimer Every(TimeSpan period, Action action) => time.CreateTimer(_ => action(), null, period, period);

    public Task PauseAsync(Backoff backoff, CancellationToken cancellationToken) => Task.Delay(backoff.Next(), time, cancellationToken);

    public Backoff NewBackoff() => new(me.Epoch);

    public FramesRendered Message(LeaseMark lease, IReadOnlyList<SpooledPicture> pictures) =>
        new(me.Name, me.Epoch, lease.JobId, lease.AttemptId, lease.Fence, [.. pictures.Select(picture => picture.Report())]);
}
