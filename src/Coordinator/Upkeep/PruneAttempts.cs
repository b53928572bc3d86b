using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Removes the history of leases of jobs that ended long ago.</summary>
internal sealed class PruneAttempts(IDbContextFactory<FarmDb> databases, IOptions<UpkeepOptions> options) : IChore
{
    /// <summary>Rows of a statement: a moment's work, so that nobody waits for it.</summary>
    private const int BatchSize = 1000;

    private const int JobsAtOnce = 100;

    public TimeSpan Every => options.Value.Every;

    public async Task<string?> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.KeepAttempts is not { } keep)
        {
            return null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var oldest = await db.NowAsync(cancellationToken) - keep;
        var attempts = 0;
        while (await db.Jobs.Where(job => job.FinishedAt < oldest && db.Attempts.Any(attempt => attempt.JobId == job.Id)).OrderBy(job => job.FinishedAt).Select(job => job.Id).Take(JobsAtOnce).ToListAsync(cancellationToken) is { Count: > 0 } jobs)
        {
            foreach (var job in jobs)
            {
                attempts += await OfJobAsync(db, job, cancellationToken);
            }
        }

        return attempts == 0 ? null : $"Removed {attempts} attempts of jobs that ended more than {keep} ago";
    }

    /// <summary>The first leases first, so that the audit sees where the history begins.</summary>
    private static async Task<int> OfJobAsync(FarmDb db, Guid job, CancellationToken cancellationToken)
    {
        var removed = 0;
        var attempts = db.Attempts.Where(attempt => attempt.JobId == job).OrderBy(attempt => attempt.Fence).Select(attempt => attempt.AttemptId).Take(BatchSize);
        while (await attempts.ToListAsync(cancellationToken) is { Count: > 0 } ids)
        {
            removed += await db.Attempts.Where(attempt => ids.Contains(attempt.AttemptId)).ExecuteDeleteAsync(cancellationToken);
        }

        return removed;
    }
}
