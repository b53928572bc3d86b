using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Finds the indexes of a page of frames, from <paramref name="start"/> on. Each answer holds the index that the next page follows, or null on the last page.</summary>
internal sealed class FrameRange(FarmDb db, Job job, long start)
{
    public (IReadOnlyList<long> Indexes, long? Next) All(int limit)
    {
        var end = Math.Min(job.FrameCount, start + limit);
        var indexes = Sequence(start, end).ToList();
        return (indexes, end < job.FrameCount && indexes.Count > 0 ? indexes[^1] : null);
    }

    public async Task<(IReadOnlyList<long> Indexes, long? Next)> SettledAsync(FrameState state, int limit, CancellationToken cancellationToken) =>
        Cut(await db.Frames.Where(frame => frame.JobId == job.Id && frame.State == state && frame.Index >= start)
            .OrderBy(frame => frame.Index).Select(frame => frame.Index).Take(limit + 1).ToListAsync(cancellationToken), limit);

    public async Task<(IReadOnlyList<long> Indexes, long? Next)> LeasedAsync(int limit, CancellationToken cancellationToken)
    {
        // The leases of one job are as many as the workers hold: few.
        var leases = await db.Leases.Where(lease => lease.JobId == job.Id && lease.First + lease.Count > start)
            .OrderBy(lease => lease.First).Select(lease => new { lease.First, lease.Count }).ToListAsync(cancellationToken);
        var leased = leases.SelectMany(lease => Sequence(Math.Max(start, lease.First), lease.First + lease.Count)).ToList();
        var settled = leased.Count == 0 ? [] : await SettledWithinAsync(leased[0], leased[^1] + 1, cancellationToken);
        return Cut([.. leased.Where(index => !settled.Contains(index)).Take(limit + 1)], limit);
    }

    public async Task<(IReadOnlyList<long> Indexes, long? Next)> WaitingAsync(int limit, CancellationToken cancellationToken)
    {
        var spans = await db.Spans.Where(span => span.JobId == job.Id && span.First + span.Count > start)
            .OrderBy(span => span.First).Select(span => new { span.First, span.Count }).Take(limit + 1).ToListAsync(cancellationToken);
        return Cut([.. spans.SelectMany(span => Sequence(Math.Max(start, span.First), span.First + span.Count)).Take(limit + 1)], limit);
    }

    /// <summary>Cancelled frames are those of a cancelled job that have no row.</summary>
    public async Task<(IReadOnlyList<long> Indexes, long? Next)> CancelledAsync(int limit, int window, CancellationToken cancellationToken)
    {
        if (job.State != JobState.Cancelled)
        {
            return ([], null);
        }

        var end = Math.Min(job.FrameCount, start + window);
        var settled = await SettledWithinAsync(start, end, cancellationToken);
        var page = Cut([.. Sequence(start, end).Where(index => !settled.Contains(index)).Take(limit + 1)], limit);
        return page.Next is null && end < job.FrameCount ? (page.Indexes, end - 1) : page;
    }

    private async Task<HashSet<long>> SettledWithinAsync(long from, long end, CancellationToken cancellationToken) =>
        [.. await db.Frames.Where(frame => frame.JobId == job.Id && frame.Index >= from && frame.Index < end).Select(frame => frame.Index).ToListAsync(cancellationToken)];

    private static (IReadOnlyList<long> Indexes, long? Next) Cut(List<long> found, int limit) =>
        found.Count > limit ? (found[..limit], found[limit - 1]) : (found, null);

    private static IEnumerable<long> Sequence(long from, long end)
    {
        for (var index = from; index < end; index++)
        {
            yield return index;
        }
    }
}
