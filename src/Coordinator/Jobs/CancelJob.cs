using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Ends a job where it stands, and tells the workers that render for it to stop at their next step.</summary>
internal sealed partial class CancelJob(FrameLedger ledger, Announcer announcer, FarmSender sender, TimeProvider time, ILogger<CancelJob> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>The job as it is then, and whether this call cancelled it; null when there is no such job.</summary>
    public async Task<(JobView Job, bool WasCancelled)?> RunAsync(Guid id, CancellationToken cancellationToken)
    {
        if (await ledger.CancelAsync(id, cancellationToken) is not { } result)
        {
            return null;
        }

        if (result.WasCancelled)
        {
            announcer.Announce(new JobChanged(id, result.Job.Version));
            await RevokeAsync(result.Leases, cancellationToken);
        }

        return (JobQueries.ViewOf(result.Job, 0, time.GetUtcNow()), result.WasCancelled);
    }

    private async Task RevokeAsync(IReadOnlyList<EndedLease> leases, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        foreach (var worker in leases.GroupBy(lease => (lease.Worker, lease.WorkerEpoch)))
        {
            try
            {
                await sender.ToWorkerAsync(worker.Key.Worker, worker.Key.WorkerEpoch, new LeasesRevoked([.. worker.Select(lease => lease.AttemptId)], "The job was cancelled."), either.Token);
            }
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
            {
                // The answer to the worker's next heartbeat says the same.
                LogNotTold(worker.Key.Worker, fault.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} was not told at once that its leases ended: {Reason}")]
    private partial void LogNotTold(string worker, string reason);
}
