using MassTransit;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Workers have taken leases: their clocks start. Who was too late is told.</summary>
internal sealed class AcceptLeases(FrameLedger ledger, FarmSender sender) : IConsumer<Batch<LeaseAccepted>>
{
    public async Task Consume(ConsumeContext<Batch<LeaseAccepted>> context)
    {
        var accepted = context.Message.Select(x => x.Message).ToList();
        var gone = (await ledger.AcceptAsync(accepted, context.CancellationToken)).ToHashSet();
        foreach (var worker in accepted.Where(x => gone.Contains(x.AttemptId)).GroupBy(x => (x.Worker, x.Epoch)))
        {
            var revoked = new LeasesRevoked([.. worker.Select(x => x.AttemptId)], "The offer was taken back before it was accepted.", MayCommit: true);
            await sender.ToWorkerAsync(worker.Key.Worker, worker.Key.Epoch, revoked, context.CancellationToken);
        }
    }
}
