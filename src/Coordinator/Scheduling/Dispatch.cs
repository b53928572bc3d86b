using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Failpoints;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>Hands offered leases over to their workers. A lease that cannot be handed over returns: at once when the worker is gone, else when its acceptance is overdue.</summary>
internal sealed partial class Dispatch(FarmSender sender, FrameLedger ledger, LoseWorkers workers, LedgerNews news, TimeProvider time, ILogger<Dispatch> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ProbePatience = TimeSpan.FromSeconds(2);

    private bool _isStuck;

    /// <summary>Whether the broker takes messages. One that is out of disk or memory keeps its connections and takes nothing: until it takes a trifle again, no offers are made.</summary>
    public async Task<bool> IsOpenAsync(CancellationToken cancellationToken)
    {
        if (!_isStuck)
        {
            return true;
        }

        using var patience = new CancellationTokenSource(ProbePatience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await sender.AnnounceAsync(new WorkersChanged(""), either.Token).WaitAsync(either.Token);
            _isStuck = false;
            LogOpen();
            return true;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>Sends them all, side by side.</summary>
    public async Task SendAsync(IReadOnlyList<OfferedLease> leases, CancellationToken cancellationToken)
    {
        Failpoint.Reach("dispatch.after_commit");
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var sent = await Task.WhenAll(leases.Select(x => TrySendAsync(x, either.Token)));
        Failpoint.Reach("dispatch.after_send");
        var unreachable = leases.Where((_, i) => !sent[i]).ToList();
        if (unreachable.Count == 0)
        {
            return;
        }

        foreach (var (worker, epoch) in unreachable.Select(x => (x.Worker, x.WorkerEpoch)).Distinct())
        {
            await workers.LoseAsync(worker, epoch, "its queue is gone", cancellationToken);
        }

        news.Tell(await ledger.EndAsync([.. unreachable.Select(Returned)], cancellationToken));
    }

    private static LeaseEnded Returned(OfferedLease lease) => new(
        lease.Worker, lease.WorkerEpoch, lease.Offer.JobId, lease.Offer.AttemptId, lease.Offer.Fence,
        AttemptOutcome.Released, ErrorClass.Infrastructure, "The worker's queue is gone.", []);

    /// <summary>False when the worker has no queue.</summary>
    private async Task<bool> TrySendAsync(OfferedLease lease, CancellationToken cancellationToken)
    {
        try
        {
            await sender.ToWorkerAsync(lease.Worker, lease.WorkerEpoch, lease.Offer, cancellationToken).WaitAsync(cancellationToken);
            return true;
        }
        catch (QueueMissingException ex)
        {
            LogUnreachable(lease.Worker, lease.Offer.JobId, ex.Message);
            return false;
        }
        catch (Exception ex)
        {
            // Whether the broker has it is unknown: the deadline for its acceptance decides.
            LogNotSent(lease.Worker, lease.Offer.JobId, ex.Message);
            _isStuck = true;
            return true;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} cannot be reached, its lease of job {JobId} returns: {Reason}")]
    private partial void LogUnreachable(string workerId, Guid jobId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A lease of job {JobId} was perhaps not sent to worker {WorkerId}, no more are offered until the broker takes messages: {Reason}")]
    private partial void LogNotSent(string workerId, Guid jobId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker takes messages again")]
    private partial void LogOpen();
}
