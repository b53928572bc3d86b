using System.Globalization;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Artifacts;

/// <summary>What a stored object is to the farm.</summary>
internal enum ArtifactUse
{
    /// <summary>A rendered frame's picture.</summary>
    Referenced,

    /// <summary>Not committed, but its attempt may still commit it: it is live, or its report is late and nobody else was given the frame.</summary>
    MayCommit,

    /// <summary>Nothing will ever ask for it.</summary>
    Orphan,

    /// <summary>Not under a key of the farm's form: somebody else's.</summary>
    Foreign,
}

/// <summary>Says of stored objects what they are to the farm, a page at a time. An object that is an orphan once is one for ever, so that it may be removed whenever that suits.</summary>
internal static class ArtifactReferences
{
    /// <summary>Objects of a page: few enough for one query, many enough that a million are two thousand of them.</summary>
    public const int PageSize = 500;

    /// <summary>Pairs the objects of a page with their use, in their order.</summary>
    public static async Task<IReadOnlyList<(StoredArtifact Artifact, Guid? Job, ArtifactUse Use)>> ClassifyAsync(FarmDb db, IReadOnlyList<StoredArtifact> page, CancellationToken cancellationToken)
    {
        var owners = page.Select(artifact => Owner.Of(artifact.Key)).ToList();
        var jobs = owners.OfType<Owner>().Select(owner => owner.Job).Distinct().ToList();
        var indexes = owners.OfType<Owner>().Select(owner => owner.Index).Distinct().ToList();
        var attempts = owners.OfType<Owner>().Select(owner => owner.Attempt).Distinct().ToList();

        // Leases before attempts, attempts before frames: what moves on in between is then seen at its later place.
        var live = (await db.Leases.Where(lease => attempts.Contains(lease.AttemptId)).Select(lease => lease.AttemptId).ToListAsync(cancellationToken)).ToHashSet();
        var ended = await db.Attempts.Where(attempt => attempts.Contains(attempt.AttemptId)).Select(attempt => new { attempt.AttemptId, attempt.Refused })
            .ToDictionaryAsync(attempt => attempt.AttemptId, attempt => attempt.Refused ?? "", cancellationToken);
        var open = (await db.Jobs.Where(job => jobs.Contains(job.Id) && job.FinishedAt == null).Select(job => job.Id).ToListAsync(cancellationToken)).ToHashSet();
        // A listing goes job by job, so that at most the first and the last of a page have more of these indexes than it shows.
        var frames = await db.Frames.Where(frame => jobs.Contains(frame.JobId) && indexes.Contains(frame.Index))
            .Select(frame => new { frame.JobId, frame.Index, frame.State, frame.ArtifactKey })
            .ToDictionaryAsync(frame => (frame.JobId, frame.Index), frame => (frame.State, frame.ArtifactKey), cancellationToken);
        return [.. page.Zip(owners, (artifact, owner) => (artifact, owner?.Job, UseOf(artifact, owner)))];

        ArtifactUse UseOf(StoredArtifact artifact, Owner? owner)
        {
            if (owner is null)
            {
                return IsProbe(artifact.Key) ? ArtifactUse.Orphan : ArtifactUse.Foreign;
            }

            var (state, key) = frames.TryGetValue((owner.Job, owner.Index), out var row) ? row : (FrameState.Waiting, null);
            return state switch
            {
                FrameState.Rendered when key == artifact.Key => ArtifactUse.Referenced,
                FrameState.Rendered or FrameState.Failed => ArtifactUse.Orphan,
                _ => open.Contains(owner.Job) && MayCommit(owner) ? ArtifactUse.MayCommit : ArtifactUse.Orphan,
            };
        }

        bool MayCommit(Owner owner) =>
            live.Contains(owner.Attempt) || (ended.TryGetValue(owner.Attempt, out var refused) && !refused.Split(' ').Contains(owner.Index.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>The pages of a listing.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<StoredArtifact>> PagesAsync(
        IArtifactStore store, string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var page = new List<StoredArtifact>(PageSize);
        await foreach (var artifact in store.ListAsync(prefix, cancellationToken))
        {
            page.Add(artifact);
            if (page.Count == PageSize)
            {
                yield return page;
                page = new List<StoredArtifact>(PageSize);
            }
        }

        if (page.Count > 0)
        {
            yield return page;
        }
    }

    /// <summary>Left by a check of the store whose process was killed.</summary>
    private static bool IsProbe(string key) => key.Split('/') is ["check", var name] && Guid.TryParseExact(name, "N", out _);

    private sealed record Owner(Guid Job, long Index, Guid Attempt)
    {
        /// <summary>Takes a key of <see cref="ArtifactKeys.For"/> apart; null for any other.</summary>
        public static Owner? Of(string key) =>
            key.Split('/') is [var tenant, var job, var index, var file] && file.Split('.') is [var attempt, var format]
            && Guid.TryParseExact(job, "D", out var jobId) && long.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && Guid.TryParseExact(attempt, "N", out var attemptId)
            && ArtifactKeys.For(tenant, jobId, number, attemptId, format) == key
                ? new Owner(jobId, number, attemptId)
                : null;
    }
}
