using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Api;

/// <summary>
/// Tells one client what happens to a job. What counts is read from the database by version; the feed only says when to look, and a slow poll
/// covers what the feed missed. Only the last event of a version carries the version as its id, so that a client that comes back with
/// <c>Last-Event-ID</c> misses no frame of a version that it saw half of.
/// </summary>
internal sealed class JobEventStream(JobQueries jobs, FrameQueries frames, FarmFeed feed, TimeProvider time)
{
    private const int PageSize = 500;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    // Bounds the reads that one client of a fast job causes.
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(100);

    public async Task WriteAsync(JobView job, long after, EventWriter writer, CancellationToken cancellationToken)
    {
        using var subscription = feed.Subscribe(job.Id);
        await writer.StartAsync(cancellationToken);
        var isFirst = true;
        var next = subscription.NextAsync(cancellationToken);
        while (await jobs.GetAsync(job.Id, cancellationToken) is { } current)
        {
            if (isFirst || current.Version > after)
            {
                await WriteFramesAsync(job.Id, after, current.Version, writer, cancellationToken);
                await writer.WriteAsync(JobEvents.Job, current, current.Version, cancellationToken);
                after = current.Version;
            }

            if (current.State.IsTerminal())
            {
                await writer.FlushAsync(cancellationToken);
                return;
            }

            if (isFirst)
            {
                await WriteStepsAsync(feed.Steps(job.Id), writer, cancellationToken);
                isFirst = false;
            }

            await writer.FlushAsync(cancellationToken);
            await Task.Delay(Breath, time, cancellationToken);
            if (await WaitAsync(next, writer, cancellationToken) is { } changes)
            {
                await WriteStepsAsync(changes.Steps, writer, cancellationToken);
                next = subscription.NextAsync(cancellationToken);
            }
        }
    }

    private async Task WriteFramesAsync(Guid id, long after, long upTo, EventWriter writer, CancellationToken cancellationToken)
    {
        (long Version, FrameView Frame)? held = null;
        var position = (after, long.MaxValue);
        while (true)
        {
            var page = await frames.SettledBetweenAsync(id, position, upTo, PageSize, cancellationToken);
            foreach (var entry in page)
            {
                if (held is { } one)
                {
                    await writer.WriteAsync(JobEvents.Frame, one.Frame, one.Version == entry.Version ? null : one.Version, cancellationToken);
                }

                held = entry;
            }

            if (page.Count < PageSize)
            {
                break;
            }

            position = (page[^1].Version, page[^1].Frame.Index);
            await writer.FlushAsync(cancellationToken);
        }

        if (held is { } last)
        {
            await writer.WriteAsync(JobEvents.Frame, last.Frame, last.Version, cancellationToken);
        }
    }

    private static async Task WriteStepsAsync(IReadOnlyList<StepProgressed> steps, EventWriter writer, CancellationToken cancellationToken)
    {
        foreach (var step in steps)
        {
            await writer.WriteAsync(JobEvents.Progress, new StepView(step.Worker, step.Frames, step.Step, step.Steps), null, cancellationToken);
        }
    }

    /// <summary>Waits for a change, or for the time of the poll; the answer is null then.</summary>
    private async Task<FeedChanges?> WaitAsync(Task<FeedChanges> next, EventWriter writer, CancellationToken cancellationToken)
    {
        try
        {
            return await next.WaitAsync(Poll, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            if (writer.Silence >= Heartbeat)
            {
                await writer.HeartbeatAsync(cancellationToken);
            }

            return null;
        }
    }
}
