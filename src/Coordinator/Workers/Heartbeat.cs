using MassTransit;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>A worker lives: its row is refreshed and the leases it holds are renewed; it is told which of them are gone.</summary>
internal sealed class Heartbeat(IDbContextFactory<FarmDb> databases, FrameLedger ledger, FarmSender sender, Announcer announcer) : IConsumer<WorkerHeartbeat>
{
    public async Task Consume(ConsumeContext<WorkerHeartbeat> context)
    {
        var beat = context.Message;
        if (!await RefreshAsync(beat, context.CancellationToken))
        {
            await sender.ToWorkerAsync(beat.Worker, beat.Epoch, new RejoinRequested(beat.Worker, beat.Epoch), context.CancellationToken);
            return;
        }

        var gone = await ledger.RenewAsync(beat.Worker, beat.Epoch, beat.Attempts, context.CancellationToken);
        if (gone.Count > 0)
        {
            await sender.ToWorkerAsync(beat.Worker, beat.Epoch, new LeasesRevoked(gone, "The ledger no longer has these leases.", MayCommit: true), context.CancellationToken);
        }
    }

    /// <summary>False when the coordinators do not know this process.</summary>
    private async Task<bool> RefreshAsync(WorkerHeartbeat beat, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var worker = await db.Workers.SingleOrDefaultAsync(x => x.Name == beat.Worker && x.Epoch == beat.Epoch, cancellationToken);
        if (worker is null)
        {
            return false;
        }

        if (worker.State == WorkerState.Gone || beat.Sequence <= worker.HeartbeatSequence)
        {
            return true;
        }

        var state = beat.IsDraining ? WorkerState.Draining : WorkerState.Ready;
        var isNews = worker.State != state || !worker.WarmModels.SequenceEqual(beat.WarmModels);
        worker.State = state;
        worker.HeartbeatSequence = beat.Sequence;
        worker.LastSeenAt = await db.NowAsync(cancellationToken);
        worker.ResidentBytes = beat.ResidentBytes;
        if (isNews)
        {
            worker.WarmModels = beat.WarmModels;
        }

        await db.SaveChangesAsync(cancellationToken);
        if (isNews)
        {
            announcer.Announce(new WorkersChanged(beat.Worker));
        }

        return true;
    }
}
