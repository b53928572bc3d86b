using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Marks workers whose heartbeat expired as lost, so that nothing more is offered to them. Their leases return when they expire.</summary>
internal sealed partial class LoseWorkers(IDbContextFactory<FarmDb> databases, Announcer announcer, TimeProvider time, ILogger<LoseWorkers> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(2);

    // The same as a lease: a worker without a heartbeat for that long holds nothing any more.
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(15);

    /// <summary>Marks them; the answer is how many.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var limit = await db.NowAsync(cancellationToken) - LostAfter;
        var silent = await db.Workers
            .Where(x => (x.State == WorkerState.Ready || x.State == WorkerState.Draining) && x.LastSeenAt < limit)
            .Select(x => x.Name)
            .ToListAsync(cancellationToken);
        foreach (var name in silent)
        {
            await MarkAsync(db.Workers.Where(x => x.Name == name && x.LastSeenAt < limit), name, $"no heartbeat for {LostAfter.TotalSeconds} s", cancellationToken);
        }

        return silent.Count;
    }

    /// <summary>Marks one process that cannot be reached; its next heartbeat makes it ready again.</summary>
    public async Task LoseAsync(string worker, long epoch, string reason, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await MarkAsync(db.Workers.Where(x => x.Name == worker && x.Epoch == epoch && x.State == WorkerState.Ready), worker, reason, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(ex.Message);
            }
        }
    }

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Workers could not be checked, trying again: {Reason}")]
    private partial void LogFailed(string reason);
}
