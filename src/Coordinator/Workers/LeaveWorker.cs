using MassTransit;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>A worker process ends in good order: what it still held returns at once.</summary>
internal sealed partial class LeaveWorker(IDbContextFactory<FarmDb> databases, FrameLedger ledger, LedgerNews news, Announcer announcer, ILogger<LeaveWorker> logger)
    : IConsumer<WorkerLeft>
{
    public async Task Consume(ConsumeContext<WorkerLeft> context)
    {
        var left = context.Message;
        await using (var db = await databases.CreateDbContextAsync(context.CancellationToken))
        {
            await db.Workers
                .Where(x => x.Name == left.Worker && x.Epoch == left.Epoch)
                .ExecuteUpdateAsync(x => x.SetProperty(w => w.State, WorkerState.Gone).SetProperty(w => w.ResidentBytes, 0), context.CancellationToken);
        }

        LogLeft(left.Worker, left.Epoch, left.Reason);
        news.Tell(await ledger.ReleaseWorkerAsync(left.Worker, left.Epoch, "The worker left.", context.CancellationToken));
        announcer.Announce(new WorkersChanged(left.Worker));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} left (epoch {Epoch}): {Reason}")]
    private partial void LogLeft(string workerId, long epoch, string reason);
}
