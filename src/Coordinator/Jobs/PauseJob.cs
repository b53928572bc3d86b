using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Holds a job, and lets it go on: its frames leave the workers and the queue, and come back as they were.</summary>
internal sealed class PauseJob(FrameLedger ledger, LedgerNews news, LeaseRevocation revocation, TimeProvider time)
{
    /// <summary>Nothing of the job is committed once this has answered. The job as it is then, and whether it is paused; null when there is no such job.</summary>
    public async Task<(JobView Job, bool IsPaused)?> PauseAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await ledger.PauseAsync(id, cancellationToken) is not { } result)
        {
            return null;
        }

        if (result.WasPaused)
        {
            news.Tell(result.Job, result.Leases);
            await revocation.TellAsync(result.Leases, "The job was paused.", cancellationToken);
        }

        return (JobQueries.ViewOf(result.Job, 0, time.GetUtcNow()), result.Job.State == JobState.Paused);
    }

    /// <summary>The job as it is then, and whether it is in the queue; null when there is no such job.</summary>
    public async Task<(JobView Job, bool CanGoOn)?> ResumeAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await ledger.ResumeAsync(id, cancellationToken) is not { } result)
        {
            return null;
        }

        if (result.WasResumed)
        {
            news.Tell(result.Job, []);
        }

        return (JobQueries.ViewOf(result.Job, 0, time.GetUtcNow()), result.Job.CanLease);
    }
}
