using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Reads what became of a job's leases.</summary>
internal sealed class JobHistory(IDbContextFactory<FarmDb> databases)
{
    /// <summary>Its ended leases, newest first.</summary>
    public async Task<IReadOnlyList<HistoryEntry>> ReadAsync(Guid jobId, int count, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db.Attempts.Where(attempt => attempt.JobId == jobId)
            .OrderByDescending(attempt => attempt.Fence)
            .Take(count)
            .Select(attempt => new HistoryEntry(attempt.AttemptId, attempt.Worker, attempt.First, attempt.Count, attempt.Rendered, attempt.EndedAt, attempt.Outcome, attempt.Message))
            .ToListAsync(cancellationToken);
    }
}

/// <summary>A line of a job's history.</summary>
public sealed record HistoryEntry(Guid AttemptId, string Worker, long First, int Count, int Rendered, DateTimeOffset EndedAt, AttemptOutcome Outcome, string? Message);
