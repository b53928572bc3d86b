using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>Who may be offered leases. What workers are is read again when one changed, and now and then in case that was not heard; what they hold, at every look.</summary>
internal sealed class ReadyWorkers(IDbContextFactory<FarmDb> databases, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    // A thousand workers may join at once.
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(200);

    private IReadOnlyList<Supply> _workers = [];
    private long? _readAt;
    private int _changes;
    private int _seen = -1;

    /// <summary>A worker joined, changed or left.</summary>
    public void Changed() => Interlocked.Increment(ref _changes);

    /// <summary>All of them with what they hold now; empty when none has room for another lease.</summary>
    public async Task<IReadOnlyList<Supply>> WithRoomAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await RefreshAsync(db, cancellationToken);
        if (_workers.Count == 0)
        {
            return [];
        }

        var held = await db.Leases.GroupBy(lease => new { lease.Worker, lease.WorkerEpoch })
            .Select(group => new { group.Key.Worker, group.Key.WorkerEpoch, Leases = group.Count(), Frames = group.Sum(lease => (long)lease.Count) })
            .ToDictionaryAsync(group => (group.Worker, group.WorkerEpoch), cancellationToken);
        List<Supply> supply =
        [
            .. _workers.Select(worker => held.TryGetValue((worker.Name, worker.Epoch), out var load) ? worker with { Leases = load.Leases, Frames = load.Frames } : worker),
        ];
        return supply.Exists(worker => worker.Leases < worker.Window) ? supply : [];
    }

    private async Task RefreshAsync(FarmDb db, CancellationToken cancellationToken)
    {
        var changes = Volatile.Read(ref _changes);
        if (_readAt is { } readAt && time.GetElapsedTime(readAt) < (changes == _seen ? Fresh : Soonest))
        {
            return;
        }

        var now = time.GetTimestamp();
        var workers = await db.Workers.AsNoTracking()
            .Where(worker => worker.State == WorkerState.Ready && worker.DrainReason == null && !worker.StoreIsAway)
            .Select(worker => new { worker.Name, worker.Epoch, worker.Slots, worker.Window, worker.BatchSize, worker.Models, worker.WarmModels })
            .ToListAsync(cancellationToken);
        var blocks = (await db.WorkerBlocks.AsNoTracking().ToListAsync(cancellationToken)).ToLookup(block => (block.Worker, block.Scope), block => block.Target);
        _workers =
        [
            .. workers.Select(worker => new Supply(
                worker.Name, worker.Epoch, worker.Slots, worker.Window, worker.BatchSize, 0, 0,
                worker.Models.Where(model => model.Digest is not null).Select(model => model.Digest!).ToHashSet(), worker.WarmModels.ToHashSet())
            {
                BlockedModels = blocks[(worker.Name, BlockScope.Model)].ToHashSet(),
                BlockedJobs = blocks[(worker.Name, BlockScope.Job)].Select(Guid.Parse).ToHashSet(),
            }),
        ];
        (_readAt, _seen) = (now, changes);
    }
}
