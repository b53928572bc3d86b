using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Commits;

/// <summary>When and in whose name frames are reported.</summary>
internal sealed class CommitClock(WorkerIdentity me, TimeProvider time)
{
    // Long enough to gather the frames of a batch, short enough that nobody waits for it.
    public static readonly TimeSpan FlushEvery = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);

    public long Now => time.GetTimestamp();

    public bool IsOverdue(long since) => time.GetElapsedTime(since) >= AnswerWithin;

    public ITimer Every(TimeSpan period, Action action) => time.CreateTimer(_ => action(), null, period, period);

    public FramesRendered Message(LeaseOffered offer, IReadOnlyList<RenderedFrame> frames) =>
        new(me.Name, me.Epoch, offer.JobId, offer.AttemptId, offer.Fence, frames);
}
