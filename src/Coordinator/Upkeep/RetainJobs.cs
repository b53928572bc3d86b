using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Removes ended jobs whose time is over: first their objects, then their rows, so that whatever interrupts it, the next round knows what is left.</summary>
internal sealed class RetainJobs(IDbContextFactory<FarmDb> databases, IArtifactStore store, IOptions<UpkeepOptions> options) : IChore
{
    /// <summary>Rows of a statement.</summary>
    private const int BatchSize = 1000;

    private const int JobsAtOnce = 100;
    private const int ObjectsAtOnce = 8;

    public TimeSpan Every => options.Value.Every;

    public async Task<string?> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var ended = db.Jobs.AsNoTracking().Where(job => job.FinishedAt != null);
        var removed = 0;
        // Few durations are in use; by each of them the index of the ends says which jobs are due.
        foreach (var time in await ended.Where(job => job.RetainFor != null).Select(job => job.RetainFor).Distinct().ToListAsync(cancellationToken))
        {
            var before = now - time;
            removed += await RemoveAsync(db, ended.Where(job => job.RetainFor == time && job.FinishedAt < before), cancellationToken);
        }

        if (options.Value.RetainJobs is { } usual)
        {
            var before = now - usual;
            removed += await RemoveAsync(db, ended.Where(job => job.RetainFor == null && job.FinishedAt < before), cancellationToken);
        }

        return removed == 0 ? null : $"Removed {removed} jobs whose time was over";
    }

    private async Task<int> RemoveAsync(FarmDb db, IQueryable<Job> due, CancellationToken cancellationToken)
    {
        var removed = 0;
        while (await due.OrderBy(job => job.FinishedAt).Select(job => job.Id).Take(JobsAtOnce).ToListAsync(cancellationToken) is { Count: > 0 } jobs)
        {
            foreach (var job in jobs)
            {
                await RemoveObjectsAsync(db, job, cancellationToken);
                await RemoveRowsAsync(db, job, cancellationToken);
                removed++;
            }
        }

        return removed;
    }

    private async Task RemoveObjectsAsync(FarmDb db, Guid job, CancellationToken cancellationToken)
    {
        var after = -1L;
        while (true)
        {
            var frames = await db.Frames.AsNoTracking().Where(frame => frame.JobId == job && frame.State == FrameState.Rendered && frame.Index > after)
                .OrderBy(frame => frame.Index).Select(frame => new { frame.Index, Key = frame.ArtifactKey! }).Take(BatchSize).ToListAsync(cancellationToken);
            if (frames.Count == 0)
            {
                return;
            }

            await Parallel.ForEachAsync(
                frames, new ParallelOptions { MaxDegreeOfParallelism = ObjectsAtOnce, CancellationToken = cancellationToken }, async (frame, token) => await store.DeleteAsync(frame.Key, token));
            after = frames[^1].Index;
        }
    }

    /// <summary>All in one transaction, so that an audit sees the job whole or not at all. Nothing else locks rows of an ended job.</summary>
    private static async Task RemoveRowsAsync(FarmDb db, Guid job, CancellationToken cancellationToken)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        while (await db.Frames.Where(frame => frame.JobId == job).OrderBy(frame => frame.Index).Skip(BatchSize - 1).Select(frame => (long?)frame.Index).FirstOrDefaultAsync(cancellationToken) is { } last)
        {
            await db.Frames.Where(frame => frame.JobId == job && frame.Index <= last).ExecuteDeleteAsync(cancellationToken);
        }

        while (await db.Attempts.Where(attempt => attempt.JobId == job).OrderBy(attempt => attempt.Fence).Skip(BatchSize - 1).Select(attempt => (long?)attempt.Fence).FirstOrDefaultAsync(cancellationToken) is { } last)
        {
            await db.Attempts.Where(attempt => attempt.JobId == job && attempt.Fence <= last).ExecuteDeleteAsync(cancellationToken);
        }

        // What is left of both, and the pages of prompts, go with the job.
        await db.Jobs.Where(row => row.Id == job).ExecuteDeleteAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
