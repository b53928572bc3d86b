using MassTransit;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Workers have taken leases: their clocks start. Who was too late is told.</summary>
internal sealed class AcceptLeases(FrameLedger ledger, WorkerHints hints, EventBatches batches) : IConsumer<Batch<LeaseAccepted>>
{
    public Task Consume(ConsumeContext<Batch<LeaseAccepted>> context) => batches.HandleAsync(
        [.. context.Message.Select(x => x.Message)], accepted => AcceptAsync(accepted, context.CancellationToken), DatabaseFaults.IsAway, context.CancellationToken);

    private async Task AcceptAsync(IReadOnlyList<LeaseAccepted> accepted, CancellationToken cancellationToken)
    {
        var gone = (await ledger.AcceptAsync(accepted, cancellationToken)).ToHashSet();
        foreach (var worker in accepted.Where(x => gone.Contains(x.AttemptId)).GroupBy(x => (x.Worker, x.Epoch)))
        {
            var revoked = new LeasesRevoked([.. worker.Select(x => x.AttemptId)], "The offer was taken back before it was accepted.", MayCommit: true);
            await hints.TellAsync(worker.Key.Worker, worker.Key.Epoch, revoked, cancellationToken);
        }
    }
}
