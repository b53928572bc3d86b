using MassTransit;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Failpoints;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Commits stored frames, many of many leases in one transaction, and answers each worker.</summary>
internal sealed class CommitFrames(FrameLedger ledger, WorkerHints hints, LedgerNews news, EventBatches batches) : IConsumer<Batch<FramesRendered>>
{
    public Task Consume(ConsumeContext<Batch<FramesRendered>> context) => batches.HandleAsync(
        [.. context.Message.Select(x => x.Message)], rendered => CommitAsync(rendered, context.CancellationToken), DatabaseFaults.IsAway, context.CancellationToken);

    // A worker that is gone needs no answer, and one that misses it asks again.
    private async Task CommitAsync(IReadOnlyList<FramesRendered> rendered, CancellationToken cancellationToken)
    {
        var result = await ledger.CommitAsync(rendered, cancellationToken);
        Failpoint.Reach("commit.before_answer");
        news.Tell(result.Jobs);
        await Task.WhenAll(rendered.Zip(result.Answers, (message, answer) => hints.TellAsync(message.Worker, message.Epoch, answer, cancellationToken)));
    }
}
