using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>Tells workers that their leases have ended, so that they stop where they are.</summary>
internal sealed partial class LeaseRevocation(FarmSender sender, TimeProvider time, ILogger<LeaseRevocation> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <summary>Tells them all, side by side: one that cannot be reached keeps no other waiting.</summary>
    public async Task TellAsync(IReadOnlyList<EndedLease> leases, string reason, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        await Task.WhenAll(leases.GroupBy(lease => (lease.Worker, lease.WorkerEpoch)).Select(worker =>
            TellAsync(worker.Key.Worker, worker.Key.WorkerEpoch, new LeasesRevoked([.. worker.Select(lease => lease.AttemptId)], reason), either.Token)));
        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task TellAsync(string worker, long epoch, LeasesRevoked revoked, CancellationToken cancellationToken)
    {
        try
        {
            await sender.ToWorkerAsync(worker, epoch, revoked, cancellationToken).WaitAsync(cancellationToken);
        }
        catch (Exception fault)
        {
            // The answer to the worker's next heartbeat says the same.
            LogNotTold(worker, fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {Worker} was not told at once that its leases ended: {Reason}")]
    private partial void LogNotTold(string worker, string reason);
}
