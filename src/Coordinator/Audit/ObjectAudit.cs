using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Artifacts;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Audit;

/// <summary>I15: compares the store with the frames, both ways, while the farm goes on: what looks wrong is looked at again before it is told.</summary>
internal sealed class ObjectAudit(IDbContextFactory<FarmDb> databases, IArtifactStore store, TimeSpan? retainJobs)
{
    /// <summary>The sweep takes orphans that are older than a day; they may lie for a while until it comes round.</summary>
    private static readonly TimeSpan OldestOrphan = TimeSpan.FromHours(36);

    private readonly Dictionary<Guid, long> _found = [];

    public async Task<IReadOnlyList<LedgerViolation>> RunAsync(Guid? jobId, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var prefix = jobId is { } one && await db.Jobs.Where(job => job.Id == one).Select(job => job.Tenant).FirstOrDefaultAsync(cancellationToken) is { } tenant ? PrefixOf(tenant, one) : "";
        var violations = new List<LedgerViolation>();
        var now = await db.NowAsync(cancellationToken);
        var oldest = now - OldestOrphan;
        await foreach (var page in ArtifactReferences.PagesAsync(store, prefix, cancellationToken))
        {
            foreach (var (artifact, job, use) in await ArtifactReferences.ClassifyAsync(db, page, cancellationToken))
            {
                if (use == ArtifactUse.Referenced)
                {
                    _found[job!.Value] = _found.GetValueOrDefault(job.Value) + 1;
                }
                else if (use == ArtifactUse.Orphan && artifact.LastModified < oldest)
                {
                    violations.Add(new LedgerViolation("I15", job, artifact.Key, "object: an old one is of no frame"));
                }
            }
        }

        await foreach (var job in db.Jobs.AsNoTracking().Where(job => job.Rendered > 0 && (jobId == null || job.Id == jobId)).Select(job => new { job.Id, job.Tenant, job.Rendered, job.FinishedAt, job.RetainFor }).AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            // Retention removes objects before their rows.
            var isLeaving = job.FinishedAt + (job.RetainFor ?? retainJobs) < now;
            if (_found.GetValueOrDefault(job.Id) < job.Rendered && !isLeaving)
            {
                violations.AddRange(await MissingAsync(job.Id, PrefixOf(job.Tenant, job.Id), cancellationToken));
            }
        }

        return violations;
    }

    private static string PrefixOf(string tenant, Guid job) => $"{tenant}/{job:D}/";

    /// <summary>Frames of a job whose objects are not there. A listing takes its time; what it did not show is asked for by name.</summary>
    private async Task<List<LedgerViolation>> MissingAsync(Guid job, string prefix, CancellationToken cancellationToken)
    {
        var listed = new HashSet<string>();
        await foreach (var artifact in store.ListAsync(prefix, cancellationToken))
        {
            listed.Add(artifact.Key);
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var missing = new List<LedgerViolation>();
        var frames = db.Frames.AsNoTracking().Where(frame => frame.JobId == job && frame.State == FrameState.Rendered).Select(frame => new { frame.Index, Key = frame.ArtifactKey! });
        foreach (var frame in (await frames.ToListAsync(cancellationToken)).Where(frame => !listed.Contains(frame.Key)))
        {
            if (!await store.ListAsync(frame.Key, cancellationToken).AnyAsync(cancellationToken) && await frames.AnyAsync(row => row.Index == frame.Index, cancellationToken))
            {
                missing.Add(new LedgerViolation("I15", job, frame.Key, "object: a picture is not in the store", frame.Index, 1));
            }
        }

        return missing;
    }
}
