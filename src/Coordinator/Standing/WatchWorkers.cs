using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Standing;

/// <summary>Looks at all workers together: opens and closes the incidents that they show, ends blocks that are over, and makes up for what a coordinator that died left undone. Only the leader does; two at once would do no harm.</summary>
internal sealed partial class WatchWorkers(
    IDbContextFactory<FarmDb> databases, Incidents incidents, ExcuseStrikes excuse, JudgeWorkers judge, Announcer announcer, LeaderLock leader, TimeProvider time,
    ILogger<WatchWorkers> logger) : LeaderLoop(Every, leader, time, logger)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    // A worker is lost up to 30 s after its last heartbeat, and those that are lost within 30 s are lost at once.
    private static readonly TimeSpan LostLately = TimeSpan.FromSeconds(60);

    public async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            var now = await db.NowAsync(cancellationToken);
            await EndBlocksAsync(db, now, cancellationToken);
            var signs = await SignsAsync(db, now - LostLately, cancellationToken);
            await NoteAsync(db, signs, now, cancellationToken);
        }

        await excuse.RunAsync(cancellationToken);
        await judge.RunAsync(cancellationToken);
    }

    protected override Task RoundAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    private static async Task<FarmSigns> SignsAsync(FarmDb db, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var live = await db.Workers.CountAsync(x => x.State == WorkerState.Ready || x.State == WorkerState.Draining, cancellationToken);
        var away = await db.Workers.CountAsync(x => (x.State == WorkerState.Ready || x.State == WorkerState.Draining) && x.StoreIsAway, cancellationToken);
        var lost = await db.Workers.Where(x => x.State == WorkerState.Lost && x.LastSeenAt > since).Select(x => x.LastSeenAt).ToListAsync(cancellationToken);
        return new FarmSigns(live, away, lost.Count, lost.Count > 0 ? lost.Min() : null);
    }

    private async Task NoteAsync(FarmDb db, FarmSigns signs, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var seen = Outages.Seen(signs);
        var open = await db.Incidents.Where(x => x.EndedAt == null).Select(x => x.Kind).ToListAsync(cancellationToken);
        foreach (var kind in (IncidentKind[])[IncidentKind.Store, IncidentKind.Workers])
        {
            if (seen.TryGetValue(kind, out var message))
            {
                await incidents.OpenAsync(kind, message, kind == IncidentKind.Workers && signs.LostSince is { } since ? now - since : TimeSpan.Zero, cancellationToken);
            }
            else if (open.Contains(kind.ToString()))
            {
                await incidents.CloseAsync(kind, cancellationToken);
            }
        }
    }

    private async Task EndBlocksAsync(FarmDb db, DateTimeOffset now, CancellationToken cancellationToken)
    {
        foreach (var block in await db.WorkerBlocks.AsNoTracking().Where(x => x.Until <= now).ToListAsync(cancellationToken))
        {
            await db.WorkerBlocks.Where(x => x.Worker == block.Worker && x.Scope == block.Scope && x.Target == block.Target && x.Until <= now).ExecuteDeleteAsync(cancellationToken);
            LogEnded(block.Worker, block.Scope.ToString(), block.Target);
            announcer.Announce(new WorkersChanged(block.Worker));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is no longer blocked for {Scope} {Target}: the time is over")]
    private partial void LogEnded(string workerId, string scope, string target);
}
