using System.Runtime.CompilerServices;
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
        await HeardAsync(db, [.. effects[BeatEffect.Heard].OrderBy(beat => beat.Worker, StringComparer.Ordinal)], now, cancellationToken);
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

    /// <summary>All in one statement; with their sequences, so that an older one that is delivered late has nothing more to say.</summary>
    private static async Task HeardAsync(FarmDb db, List<WorkerHeartbeat> beats, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (beats.Count == 0)
        {
            return;
        }

        // As the column has it, which is each database's own.
        var seenAt = db.Model.FindEntityType(typeof(FarmWorker))!.FindProperty(nameof(FarmWorker.LastSeenAt))!.GetTypeMapping().Converter?.ConvertToProvider(now) ?? now;
        var said = string.Join(", ", beats.Select((_, at) => $"({{{(3 * at) + 1}}}, {{{(3 * at) + 2}}}, {{{(3 * at) + 3}}})"));
        await db.Database.ExecuteSqlAsync(
            FormattableStringFactory.Create(
                $$"""
                UPDATE workers SET last_seen_at = {0}, heartbeat_sequence = said.column3 FROM (VALUES {{said}}) said
                WHERE name = said.column1 AND epoch = said.column2 AND heartbeat_sequence < said.column3
                """,
                [seenAt, .. beats.SelectMany(beat => (object[])[beat.Worker, beat.Epoch, beat.Sequence])]),
            cancellationToken);
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
