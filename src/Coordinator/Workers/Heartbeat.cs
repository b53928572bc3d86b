using MassTransit;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Workers live: their rows are refreshed and the leases they hold are renewed, many at a time; each is told which of its leases are gone.</summary>
internal sealed class Heartbeat(WorkerBeats beats, FrameLedger ledger, WorkerHints hints, TellWorker tell, EventBatches batches) : IConsumer<Batch<WorkerHeartbeat>>
{
    public Task Consume(ConsumeContext<Batch<WorkerHeartbeat>> context) => batches.HandleAsync(
        [.. context.Message.Select(x => x.Message).GroupBy(x => (x.Worker, x.Epoch)).Select(x => x.MaxBy(beat => beat.Sequence)!)],
        latest => RefreshAsync(latest, context.CancellationToken), DatabaseFaults.IsAway, context.CancellationToken);

    private async Task RefreshAsync(IReadOnlyList<WorkerHeartbeat> latest, CancellationToken cancellationToken)
    {
        var known = await beats.WriteAsync(latest, cancellationToken);
        var gone = await ledger.RenewAsync([.. known.Keys.Where(x => x.Attempts.Count > 0).Select(x => new HeldLeases(x.Worker, x.Epoch, x.Attempts))], cancellationToken);
        await Task.WhenAll(latest.Where(x => !known.ContainsKey(x)).Select(
            x => hints.TellAsync(x.Worker, x.Epoch, new RejoinRequested(x.Worker, x.Epoch), cancellationToken)));
        await Task.WhenAll(known.Where(x => x.Value.State != WorkerState.Gone).Select(x => tell.AnswerAsync(x.Key, x.Value.DrainReason, cancellationToken)));
        await Task.WhenAll(gone.Select(
            x => hints.TellAsync(x.Worker, x.Epoch, new LeasesRevoked(x.Attempts, "The ledger no longer has these leases.", MayCommit: true), cancellationToken)));
    }
}
