using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Ends a job where it stands, and tells the workers that render for it to stop.</summary>
internal sealed class CancelJob(FrameLedger ledger, LedgerNews news, LeaseRevocation revocation, TimeProvider time)
{
    /// <summary>The job as it is then, and whether this call cancelled it; null when there is no such job.</summary>
    public async Task<(JobView Job, bool WasCancelled)?> RunAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await ledger.CancelAsync(id, cancellationToken) is not { } result)
        {
            return null;
        }

        if (result.WasCancelled)
        {
            news.Tell(result.Job, result.Leases);
            await revocation.TellAsync(result.Leases, "The job was cancelled.", cancellationToken);
        }

        return (JobQueries.ViewOf(result.Job, 0, time.GetUtcNow()), result.WasCancelled);
    }
}
