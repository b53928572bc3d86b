using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>
/// Reads frames for the API and the dashboard. Only settled frames have rows: a frame in a lease is being rendered, and any other
/// waits, or was cancelled with its job. Leases are read before rows, so that a frame that is committed in between shows as rendered.
/// </summary>
internal sealed class FrameQueries(IDbContextFactory<FarmDb> databases)
{
    /// <summary>Indexes looked through for cancelled frames in one request; a page may be short of its limit and still have a cursor.</summary>
    private const int CancelledWindow = 20_000;

    /// <summary>One frame; null when there is no such job or index.</summary>
    public async Task<FrameView?> GetAsync(Guid jobId, long index, CancellationToken cancellationToken)
    {
        var page = index < 0 ? null : await ListAsync(jobId, null, index - 1, 1, cancellationToken);
        return page is { Items: [var frame, ..] } ? frame : null;
    }

    /// <summary>The row of a settled frame, or null.</summary>
    public async Task<Frame?> SettledAsync(Guid jobId, long index, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Frames.AsNoTracking().FirstOrDefaultAsync(frame => frame.JobId == jobId && frame.Index == index, cancellationToken);
    }

    /// <summary>Frames by index, those after <paramref name="after"/>; null when there is no such job.</summary>
    public async Task<Page<FrameView>?> ListAsync(Guid jobId, FrameState? state, long? after, int limit, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Jobs.AsNoTracking().FirstOrDefaultAsync(job => job.Id == jobId, cancellationToken) is not { } job)
        {
            return null;
        }

        var start = (after ?? -1) + 1;
        var range = new FrameRange(db, job, start);
        var (indexes, next) = state switch
        {
            null => range.All(limit),
            FrameState.Rendered or FrameState.Failed or FrameState.Quarantined => await range.SettledAsync(state.Value, limit, cancellationToken),
            FrameState.Rendering => await range.LeasedAsync(limit, cancellationToken),
            FrameState.Waiting => await range.WaitingAsync(limit, cancellationToken),
            FrameState.Cancelled => await range.CancelledAsync(limit, CancelledWindow, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(state), state, "Not a frame state."),
        };
        var views = await ViewsAsync(db, job, indexes, cancellationToken);
        return new Page<FrameView>
        {
            // Between finding the indexes and reading the frames some move on; a list of one state shows that state only.
            Items = state is null ? views : [.. views.Where(view => view.State == state)],
            Cursor = next?.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    /// <summary>Frames settled after one version and up to another, by version and index, with the version of each.</summary>
    public async Task<IReadOnlyList<(long Version, FrameView Frame)>> SettledBetweenAsync(
        Guid jobId, (long Version, long Index) after, long upTo, int limit, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var job = await db.Jobs.AsNoTracking().FirstAsync(job => job.Id == jobId, cancellationToken);
        var frames = await db.Frames.AsNoTracking()
            .Where(frame => frame.JobId == jobId && frame.Version <= upTo
                && (frame.Version > after.Version || (frame.Version == after.Version && frame.Index > after.Index)))
            .OrderBy(frame => frame.Version).ThenBy(frame => frame.Index)
            .Take(limit)
            .ToListAsync(cancellationToken);
        var prompts = await PromptsAsync(db, job, [.. frames.Select(frame => frame.Index)], cancellationToken);
        return [.. frames.Select(frame => (frame.Version, ViewOf(job, frame, prompts(frame.Index))))];
    }

    private static async Task<IReadOnlyList<FrameView>> ViewsAsync(FarmDb db, Job job, IReadOnlyList<long> indexes, CancellationToken cancellationToken)
    {
        if (indexes.Count == 0)
        {
            return [];
        }

        var (first, last) = (indexes[0], indexes[^1]);
        var leases = await db.Leases.AsNoTracking()
            .Where(lease => lease.JobId == job.Id && lease.First <= last && lease.First + lease.Count > first)
            .ToListAsync(cancellationToken);
        var rows = await db.Frames.AsNoTracking()
            .Where(frame => frame.JobId == job.Id && indexes.Contains(frame.Index))
            .ToDictionaryAsync(frame => frame.Index, cancellationToken);
        var prompts = await PromptsAsync(db, job, indexes, cancellationToken);
        return [.. indexes.Select(index => rows.TryGetValue(index, out var row)
            ? ViewOf(job, row, prompts(index))
            : ViewOf(job, index, leases.Find(lease => lease.First <= index && index < lease.End), prompts(index)))];
    }

    private static FrameView ViewOf(Job job, Frame frame, string? prompt) => new()
    {
        Index = frame.Index,
        State = frame.State,
        Prompt = prompt,
        Seed = frame.Seed,
        Width = frame.Width,
        Height = frame.Height,
        Bytes = frame.Bytes,
        Sha256 = frame.Sha256,
        RenderMilliseconds = frame.RenderMilliseconds,
        Worker = frame.Worker,
        Error = frame.Error,
        Image = frame.State == FrameState.Rendered ? $"v1/jobs/{job.Id}/frames/{frame.Index}/image" : null,
    };

    private static FrameView ViewOf(Job job, long index, Lease? lease, string? prompt) => new()
    {
        Index = index,
        State = job.State == JobState.Cancelled ? FrameState.Cancelled : lease is null ? FrameState.Waiting : FrameState.Rendering,
        Prompt = prompt,
        Seed = JobPrompts.SeedOf(job, index),
        Worker = job.State == JobState.Cancelled ? null : lease?.Worker,
    };

    /// <summary>Prompts of frames that may lie far apart: only the pages that they are on are read.</summary>
    private static async Task<Func<long, string?>> PromptsAsync(FarmDb db, Job job, IReadOnlyList<long> indexes, CancellationToken cancellationToken)
    {
        if (job.Settings.Prompt is { } prompt)
        {
            return _ => prompt;
        }

        var numbers = indexes.Select(index => JobPrompts.PromptOf(job, index) / JobPage.Size).Distinct().ToList();
        var pages = await db.JobPages.AsNoTracking()
            .Where(page => page.JobId == job.Id && numbers.Contains(page.PageNo))
            .ToDictionaryAsync(page => page.PageNo, page => page.Prompts, cancellationToken);
        return index =>
        {
            var number = JobPrompts.PromptOf(job, index);
            return pages[number / JobPage.Size][number % JobPage.Size];
        };
    }
}
