using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Spool;

/// <summary>What must be known of a lease to store and report its pictures. It lies beside them, for the process that comes after this one.</summary>
/// <param name="JobId">Job.</param>
/// <param name="AttemptId">Lease.</param>
/// <param name="Fence">Fence of the lease.</param>
/// <param name="Tenant">First part of the object keys.</param>
/// <param name="Format">Last part of the object keys.</param>
internal sealed record LeaseMark(Guid JobId, Guid AttemptId, long Fence, string Tenant, string Format)
{
    public static LeaseMark Of(LeaseOffered offer) => new(offer.JobId, offer.AttemptId, offer.Fence, offer.Tenant, offer.Output.Format);

    /// <summary>Object key of a frame.</summary>
    public string KeyOf(long index) => ArtifactKeys.For(Tenant, JobId, index, AttemptId, Format);
}
