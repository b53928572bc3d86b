using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Reads workers for the API and the dashboard.</summary>
internal sealed class WorkerQueries(IDbContextFactory<FarmDb> databases, IOptions<StandingOptions> standing)
{
    /// <summary>All workers that the farm remembers, by name.</summary>
    public async Task<IReadOnlyList<WorkerView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await ViewsAsync(db, db.Workers, cancellationToken);
    }

    /// <summary>One worker, or null.</summary>
    public async Task<WorkerView?> GetAsync(string name, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return (await ViewsAsync(db, db.Workers.Where(worker => worker.Name == name), cancellationToken)).SingleOrDefault();
    }

    private async Task<IReadOnlyList<WorkerView>> ViewsAsync(FarmDb db, IQueryable<FarmWorker> wanted, CancellationToken cancellationToken)
    {
        var workers = await wanted.AsNoTracking().OrderBy(worker => worker.Name).ToListAsync(cancellationToken);
        var leases = (await db.Leases
            .Select(lease => new
            {
                lease.Worker,
                lease.WorkerEpoch,
                Rendering = lease.Count - db.Frames.Count(frame => frame.JobId == lease.JobId && frame.Index >= lease.First && frame.Index < lease.First + lease.Count),
            })
            .ToListAsync(cancellationToken))
            .ToLookup(lease => (lease.Worker, lease.WorkerEpoch), lease => (long)lease.Rendering);
        var since = await db.NowAsync(cancellationToken) - standing.Value.Within;
        var strikes = (await db.Strikes.Where(strike => !strike.IsVoid && strike.At > since)
            .Select(strike => new { strike.Worker, strike.WorkerEpoch })
            .ToListAsync(cancellationToken))
            .ToLookup(strike => (strike.Worker, strike.WorkerEpoch));
        var blocks = (await db.WorkerBlocks.AsNoTracking().OrderBy(block => block.Since).ToListAsync(cancellationToken)).ToLookup(block => block.Worker);
        return [.. workers.Select(worker => ViewOf(worker, [.. leases[(worker.Name, worker.Epoch)]], strikes[(worker.Name, worker.Epoch)].Count(), blocks[worker.Name]))];
    }

    private static WorkerView ViewOf(FarmWorker worker, IReadOnlyList<long> rendering, int strikes, IEnumerable<WorkerBlock> blocks) => new()
    {
        Name = worker.Name,
        Epoch = worker.Epoch,
        State = worker.State,
        DrainReason = worker.DrainReason,
        Version = worker.Version,
        Device = worker.Device,
        Slots = worker.Slots,
        SlotStatus = [.. worker.SlotStatus.Select(slot => new SlotView { State = slot.State, Model = slot.Model, Step = slot.Step, Steps = slot.Steps })],
        Leases = rendering.Count,
        Rendering = rendering.Sum(),
        Rendered = worker.Rendered,
        Strikes = strikes,
        Blocks = [.. blocks.Select(block => new BlockView
        {
            Model = block.Scope == BlockScope.Model ? block.Target : null,
            Job = block.Scope == BlockScope.Job ? Guid.Parse(block.Target) : null,
            Reason = block.Reason,
            Since = block.Since,
            Until = block.Until,
        })],
        WarmModels = worker.WarmModels,
        ResidentBytes = worker.ResidentBytes,
        MemoryBytes = worker.MemoryBytes,
        SpoolBytes = worker.SpoolBytes,
        StoreIsAway = worker.StoreIsAway,
        JoinedAt = worker.JoinedAt,
        LastSeenAt = worker.LastSeenAt,
    };
}
