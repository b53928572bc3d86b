using System.Collections.Immutable;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What waits, what was rendered just now, and how many images each minute of the last hour brought.</summary>
internal sealed class FarmActivity(IDbContextFactory<FarmDb> databases, TimeProvider time)
{
    private const int Minutes = 60;

    /// <summary>Minutes that are over do not change any more, but for commits that were under way when they ended; all readers share them.</summary>
    private volatile ImmutableDictionary<DateTimeOffset, MinuteOfFrames> _past = ImmutableDictionary<DateTimeOffset, MinuteOfFrames>.Empty;

    /// <summary>Reads it all.</summary>
    /// <param name="latest">Pictures of the strip.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<Activity> ReadAsync(int latest, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = time.GetUtcNow();
        var minuteAgo = now.AddMinutes(-1);
        return new Activity
        {
            Hour = await HourAsync(db, now, cancellationToken),
            LastMinute = await db.Frames.CountAsync(frame => frame.State == FrameState.Rendered && frame.CommittedAt > minuteAgo, cancellationToken),
            Backlog = await BacklogAsync(db, cancellationToken),
            Latest = await LatestAsync(db, latest, cancellationToken),
        };
    }

    private async Task<IReadOnlyList<MinuteOfFrames>> HourAsync(FarmDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var current = new DateTimeOffset(now.Ticks - (now.Ticks % TimeSpan.TicksPerMinute), TimeSpan.Zero);
        var known = _past;
        var hour = new List<MinuteOfFrames>(Minutes + 1);
        for (var start = current.AddMinutes(-Minutes); start <= current; start = start.AddMinutes(1))
        {
            hour.Add(known.TryGetValue(start, out var minute) ? minute : await MinuteAsync(db, start, cancellationToken));
        }

        _past = hour.Where(minute => minute.Start < current.AddMinutes(-1)).ToImmutableDictionary(minute => minute.Start);
        return hour;
    }

    private static async Task<MinuteOfFrames> MinuteAsync(FarmDb db, DateTimeOffset start, CancellationToken cancellationToken)
    {
        var end = start.AddMinutes(1);
        var counts = await db.Frames.Where(frame => frame.CommittedAt >= start && frame.CommittedAt < end)
            .GroupBy(frame => frame.State)
            .Select(group => new { State = group.Key, Count = group.Count() })
            .ToListAsync(cancellationToken);
        int Of(FrameState state) => counts.Find(count => count.State == state)?.Count ?? 0;
        return new MinuteOfFrames(start, Of(FrameState.Rendered), Of(FrameState.Failed));
    }

    private static async Task<IReadOnlyList<ClassBacklog>> BacklogAsync(FarmDb db, CancellationToken cancellationToken)
    {
        var found = await db.Spans.GroupBy(span => span.Rank)
            .Select(group => new { Rank = group.Key, Waiting = group.Sum(span => span.Count), Oldest = group.Min(span => span.SubmittedAt) })
            .ToListAsync(cancellationToken);
        return [.. Enum.GetValues<JobClass>().Select(jobClass =>
        {
            var backlog = found.Find(group => group.Rank == Span.RankOf(jobClass));
            return new ClassBacklog(jobClass, backlog?.Waiting ?? 0, backlog?.Oldest);
        })];
    }

    private static async Task<IReadOnlyList<RecentFrame>> LatestAsync(FarmDb db, int count, CancellationToken cancellationToken)
    {
        var found = await db.Frames.Where(frame => frame.State == FrameState.Rendered)
            .OrderByDescending(frame => frame.CommittedAt)
            .Take(count)
            .Join(db.Jobs, frame => frame.JobId, job => job.Id, (frame, job) => new { frame.JobId, frame.Index, frame.CommittedAt, job.Name, job.Settings })
            .ToListAsync(cancellationToken);
        return [.. found.OrderByDescending(frame => frame.CommittedAt).ThenByDescending(frame => frame.Index)
            .Select(frame => new RecentFrame(frame.JobId, frame.Index, frame.Settings.Prompt ?? frame.Name))];
    }
}

/// <summary>A look at the farm's work.</summary>
internal sealed record Activity
{
    /// <summary>The last 60 whole minutes and the one that runs.</summary>
    public required IReadOnlyList<MinuteOfFrames> Hour { get; init; }

    /// <summary>Images of the last 60 seconds.</summary>
    public required int LastMinute { get; init; }

    /// <summary>What waits, by class in the order of service.</summary>
    public required IReadOnlyList<ClassBacklog> Backlog { get; init; }

    /// <summary>Newest images first.</summary>
    public required IReadOnlyList<RecentFrame> Latest { get; init; }
}

/// <summary>Frames settled in the minute from Start.</summary>
public sealed record MinuteOfFrames(DateTimeOffset Start, int Rendered, int Failed);

/// <summary>Frames of a class that wait, and since when the longest.</summary>
public sealed record ClassBacklog(JobClass Class, long Waiting, DateTimeOffset? Oldest);

/// <summary>An image rendered lately; the title is its prompt or its job's name.</summary>
public sealed record RecentFrame(Guid JobId, long Index, string Title);
