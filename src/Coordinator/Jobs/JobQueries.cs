using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Which jobs a list shows.</summary>
/// <param name="States">Any of these; empty for all.</param>
/// <param name="Search">Part of the name, or the whole name of the model, or an id.</param>
/// <param name="Before">Id that the page follows, newest first; null for the first page.</param>
/// <param name="Limit">Jobs of a page at most.</param>
/// <param name="HasFailures">Only jobs of which a frame failed.</param>
internal sealed record JobFilter(IReadOnlyList<JobState> States, string? Search = null, Guid? Before = null, int Limit = 50, bool HasFailures = false);

/// <summary>Reads jobs for the API and the dashboard.</summary>
internal sealed class JobQueries(IDbContextFactory<FarmDb> databases, TimeProvider time)
{
    /// <summary>One job, or null.</summary>
    public async Task<JobView?> GetAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var job = await db.Jobs.AsNoTracking().FirstOrDefaultAsync(job => job.Id == id, cancellationToken);
        if (job is null)
        {
            return null;
        }

        var view = (await ViewsAsync(db, [job], cancellationToken))[0];
        var mayWait = view is { State: JobState.Queued or JobState.Running, Rendering: 0 };
        return mayWait ? view with { WaitReason = await WaitReason.ReadAsync(db, job.Id, job.Model, job.ModelDigest, cancellationToken) } : view;
    }

    /// <summary>A page of jobs, newest first.</summary>
    public async Task<Page<JobView>> ListAsync(JobFilter filter, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var jobs = db.Jobs.AsNoTracking();
        if (filter.States.Count > 0)
        {
            jobs = jobs.Where(job => filter.States.Contains(job.State));
        }

        if (filter.HasFailures)
        {
            jobs = jobs.Where(job => job.Failed > 0);
        }

        if (!string.IsNullOrWhiteSpace(filter.Search))
        {
            jobs = Matching(jobs, filter.Search.Trim());
        }

        if (filter.Before is { } before)
        {
            jobs = jobs.Where(job => job.Id < before);
        }

        var found = await jobs.OrderByDescending(job => job.Id).Take(filter.Limit + 1).ToListAsync(cancellationToken);
        var shown = found.Take(filter.Limit).ToList();
        return new Page<JobView>
        {
            Items = await ViewsAsync(db, shown, cancellationToken),
            Cursor = found.Count > filter.Limit ? shown[^1].Id.ToString() : null,
        };
    }

    /// <summary>How many jobs there are of each state.</summary>
    public async Task<IReadOnlyDictionary<JobState, int>> CountsAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var counts = await db.Jobs.GroupBy(job => job.State).Select(group => new { State = group.Key, Count = group.Count() }).ToListAsync(cancellationToken);
        return counts.ToDictionary(count => count.State, count => count.Count);
    }

    private static IQueryable<Job> Matching(IQueryable<Job> jobs, string search)
    {
        if (Guid.TryParse(search, out var id))
        {
            return jobs.Where(job => job.Id == id);
        }

        // The database folds case by its own rules; no culture of this process is involved.
#pragma warning disable CA1304, CA1311, CA1862
        return jobs.Where(job => job.Name.ToLower().Contains(search.ToLower()) || job.Model == search);
#pragma warning restore CA1304, CA1311, CA1862
    }

    private async Task<IReadOnlyList<JobView>> ViewsAsync(FarmDb db, IReadOnlyList<Job> jobs, CancellationToken cancellationToken)
    {
        var ids = jobs.Where(job => !job.IsTerminal).Select(job => job.Id).ToList();
        var leases = await db.Leases.Where(lease => ids.Contains(lease.JobId))
            .Select(lease => new
            {
                lease.JobId,
                Rendering = lease.Count - db.Frames.Count(frame => frame.JobId == lease.JobId && frame.Index >= lease.First && frame.Index < lease.First + lease.Count),
            })
            .ToListAsync(cancellationToken);
        var rendering = leases.ToLookup(lease => lease.JobId, lease => (long)lease.Rendering);
        return [.. jobs.Select(job => ViewOf(job, rendering[job.Id].Sum(), time.GetUtcNow()))];
    }

    internal static JobView ViewOf(Job job, long rendering, DateTimeOffset now)
    {
        var run = (job.FinishedAt ?? now) - (job.StartedAt ?? now);
        var imagesPerSecond = job.Rendered > 0 && run > TimeSpan.Zero ? job.Rendered / run.TotalSeconds : (double?)null;
        return new JobView
        {
            Id = job.Id,
            Name = job.Name,
            Model = job.Model,
            ModelDigest = job.ModelDigest,
            State = job.State,
            Class = job.Class,
            Priority = job.Priority,
            FrameCount = job.FrameCount,
            BestOf = job.BestOf,
            Rendered = job.Rendered,
            // Leases are read after the job: what was committed in between counts once.
            Rendering = Math.Clamp(rendering, 0, job.Unsettled),
            Failed = job.Failed,
            Quarantined = job.Quarantined,
            Cancelled = job.Cancelled,
            Progress = (double)(job.FrameCount - job.Unsettled) / job.FrameCount,
            ImagesPerSecond = imagesPerSecond,
            EtaSeconds = job.CanLease && job.Unsettled > job.Quarantined ? (job.Unsettled - job.Quarantined) / imagesPerSecond : null,
            CreatedAt = job.CreatedAt,
            StartedAt = job.StartedAt,
            FinishedAt = job.FinishedAt,
            Settings = job.Settings,
            PromptCount = job.PromptCount,
            Output = job.Output,
            Labels = job.Labels,
            RetainFor = job.RetainFor,
            Error = job.Error,
            Version = job.Version,
        };
    }
}
