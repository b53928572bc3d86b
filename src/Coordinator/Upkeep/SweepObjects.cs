using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Artifacts;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>
/// Removes stored objects that no frame will ever ask for: of attempts that lost their frames and did not tidy up, and of jobs that are gone. What an
/// attempt may still commit stays, however old it is; so does what is not under a key of the farm's form.
/// </summary>
internal sealed class SweepObjects(IDbContextFactory<FarmDb> databases, IArtifactStore store, IOptions<UpkeepOptions> options) : IChore
{
    private const int AtOnce = 8;

    public TimeSpan Every => options.Value.SweepEvery;

    public async Task<string?> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var oldest = await db.NowAsync(cancellationToken) - options.Value.SweepAfter;
        var (objects, bytes) = (0L, 0L);
        await foreach (var page in ArtifactReferences.PagesAsync(store, "", cancellationToken))
        {
            List<StoredArtifact> old = [.. page.Where(artifact => artifact.LastModified < oldest)];
            if (old.Count == 0)
            {
                continue;
            }

            var orphans = (await ArtifactReferences.ClassifyAsync(db, old, cancellationToken)).Where(found => found.Use == ArtifactUse.Orphan).Select(found => found.Artifact).ToList();
            await Parallel.ForEachAsync(
                orphans, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (orphan, token) => await store.DeleteAsync(orphan.Key, token));
            objects += orphans.Count;
            bytes += orphans.Sum(orphan => orphan.Bytes);
        }

        return objects == 0 ? null : $"Removed {objects} objects of {bytes} bytes that no frame will ask for";
    }
}
