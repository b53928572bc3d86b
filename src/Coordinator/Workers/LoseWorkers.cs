using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Marks workers whose heartbeat expired as lost, so that nothing more is offered to them. Their leases return when they expire.</summary>
internal sealed partial class LoseWorkers(IDbContextFactory<FarmDb> databases, LeaderLock leader, Announcer announcer, TimeProvider time, ILogger<LoseWorkers> logger)
    : LeaderLoop(Every, leader, time, logger)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    // The same as a lease: a worker without a heartbeat for that long holds nothing any more.
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(15);

    // Who holds nothing beats every ten seconds.
    private static readonly TimeSpan IdleLostAfter = TimeSpan.FromSeconds(30);

    // An idle worker's heartbeat is no older.
    private static readonly TimeSpan HeardWithin = TimeSpan.FromSeconds(11);

    /// <summary>Marks them; the answer is how many. For as long after an outage nobody is silent: the heartbeats were not heard.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (Leader.LedFor < LostAfter)
        {
            return 0;
        }

        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var busyLimit = now - LostAfter;
        var idleLimit = Leader.LedFor < IdleLostAfter ? DateTimeOffset.MinValue.AddYears(1) : now - IdleLostAfter;
        var silent = await db.Workers
            .Where(x => (x.State == WorkerState.Ready || x.State == WorkerState.Draining) && x.LastSeenAt < busyLimit)
            .Where(x => x.LastSeenAt < idleLimit || db.Leases.Any(lease => lease.Worker == x.Name && lease.WorkerEpoch == x.Epoch && lease.OfferedAt < busyLimit))
            .Select(x => new { x.Name, x.LastSeenAt })
            .ToListAsync(cancellationToken);
        foreach (var worker in silent)
        {
            var reason = $"no heartbeat for {(now - worker.LastSeenAt).TotalSeconds:F0} s";
            await MarkAsync(db.Workers.Where(x => x.Name == worker.Name && x.LastSeenAt < busyLimit), worker.Name, reason, cancellationToken);
        }

        return silent.Count;
    }

    /// <summary>Marks one process that cannot be reached; its next heartbeat makes it ready again.</summary>
    public async Task LoseAsync(string worker, long epoch, string reason, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await MarkAsync(db.Workers.Where(x => x.Name == worker && x.Epoch == epoch && x.State == WorkerState.Ready), worker, reason, cancellationToken);
    }

    /// <summary>Marks a process whose lease ran out, unless it was heard lately.</summary>
    public async Task LoseSilentAsync(string worker, long epoch, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var limit = await db.NowAsync(cancellationToken) - HeardWithin;
        await MarkAsync(
            db.Workers.Where(x => x.Name == worker && x.Epoch == epoch && x.State == WorkerState.Ready && x.LastSeenAt < limit), worker, "its lease ran out", cancellationToken);
    }

    protected override Task RoundAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    private async Task MarkAsync(IQueryable<FarmWorker> rows, string worker, string reason, CancellationToken cancellationToken)
    {
        if (await rows.ExecuteUpdateAsync(x => x.SetProperty(w => w.State, WorkerState.Lost), cancellationToken) > 0)
        {
            LogLost(worker, reason);
            announcer.Announce(new WorkersChanged(worker));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} is lost: {Reason}")]
    private partial void LogLost(string workerId, string reason);
}
