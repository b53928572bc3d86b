using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Writes heartbeats to the workers' rows: many that only say that they live in one statement, and those that say something new one by one.</summary>
internal sealed class WorkerBeats(IDbContextFactory<FarmDb> databases, Announcer announcer)
{
    /// <summary>Writes one heartbeat of each worker; the answer holds their rows as they were before, without those of processes that are not known.</summary>
    public async Task<IReadOnlyDictionary<WorkerHeartbeat, WorkerRow>> WriteAsync(IReadOnlyList<WorkerHeartbeat> beats, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.OpenConnectionAsync(cancellationToken);
        var names = beats.Select(beat => beat.Worker).ToList();
        var rows = await db.Workers.AsNoTracking().Where(worker => names.Contains(worker.Name))
            .Select(worker => new WorkerRow(
                worker.Name, worker.Epoch, worker.State, worker.HeartbeatSequence, worker.LastSeenAt, worker.WarmModels, worker.ResidentBytes,
                worker.SlotStatus, worker.SpoolBytes, worker.StoreIsAway, worker.DrainReason))
            .ToDictionaryAsync(row => row.Name, cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var effects = beats.ToLookup(beat => rows.TryGetValue(beat.Worker, out var row) ? row.EffectOf(beat, now) : BeatEffect.Unknown);
        await HeardAsync(db, [.. effects[BeatEffect.Heard].Select(beat => beat.Worker)], now, cancellationToken);
        foreach (var beat in effects[BeatEffect.Figures].Concat(effects[BeatEffect.News]))
        {
            await WriteAsync(db, beat, now, cancellationToken);
        }

        foreach (var beat in effects[BeatEffect.News])
        {
            announcer.Announce(new WorkersChanged(beat.Worker));
        }

        return beats.Except(effects[BeatEffect.Unknown]).ToDictionary(beat => beat, beat => rows[beat.Worker]);
    }

    private static async Task HeardAsync(FarmDb db, List<string> workers, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (workers.Count > 0)
        {
            await db.Workers.Where(worker => workers.Contains(worker.Name)).ExecuteUpdateAsync(worker => worker.SetProperty(w => w.LastSeenAt, now), cancellationToken);
        }
    }

    private static Task<int> WriteAsync(FarmDb db, WorkerHeartbeat beat, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var said = WorkerRow.StateOf(beat, drainReason: null);
        return db.Workers
            .Where(worker => worker.Name == beat.Worker && worker.Epoch == beat.Epoch && worker.State != WorkerState.Gone && worker.HeartbeatSequence < beat.Sequence)
            .ExecuteUpdateAsync(
                worker => worker
                    .SetProperty(w => w.State, w => w.DrainReason == null ? said : WorkerState.Draining)
                    .SetProperty(w => w.HeartbeatSequence, beat.Sequence)
                    .SetProperty(w => w.LastSeenAt, now)
                    .SetProperty(w => w.WarmModels, beat.WarmModels)
                    .SetProperty(w => w.ResidentBytes, beat.ResidentBytes)
                    .SetProperty(w => w.SlotStatus, WorkerRow.SlotsOf(beat))
                    .SetProperty(w => w.SpoolBytes, beat.SpoolBytes)
                    .SetProperty(w => w.StoreIsAway, beat.StoreIsAway),
                cancellationToken);
    }
}
