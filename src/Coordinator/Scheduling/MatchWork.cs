using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>One match tick: reads what waits and who is free, places it, writes the leases, sends them.</summary>
internal sealed class MatchWork(IDbContextFactory<FarmDb> databases, FrameLedger ledger, Dispatch dispatch, LedgerNews news, StrandedJobs stranded)
{
    // More spans than a tick can place would only be read for nothing.
    private const int SpansPerTick = 256;

    /// <summary>Runs a tick; the answer is how many leases were offered.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var supply = await SupplyAsync(cancellationToken);
        if (!supply.Any(x => x.Leases < x.Window))
        {
            return 0;
        }

        var waiting = await ledger.WaitingAsync(SpansPerTick, cancellationToken);
        var demand = waiting.Select(Demand).ToList();
        stranded.Note(demand, supply);
        var placed = Placement.Choose(demand, supply);
        if (placed.Count == 0)
        {
            return 0;
        }

        var plans = placed.Select(x => new OfferPlan(Guid.NewGuid(), x.JobId, x.First, x.Count, x.Worker, x.Epoch, x.TriedWorkers)).ToList();
        var offered = await ledger.OfferAsync(plans, cancellationToken);
        news.Tell(offered.Jobs);
        await dispatch.SendAsync(offered.Leases, cancellationToken);
        return offered.Leases.Count;
    }

    private static Demand Demand(WaitingSpan span) => new(
        span.JobId, span.First, span.Count, span.Model, span.ModelDigest,
        span.MeanRenderMilliseconds is { } mean ? TimeSpan.FromMilliseconds(mean) : null, span.LeaseLimit, span.Strikes.Alone, span.Strikes.TriedWorkers);

    private async Task<IReadOnlyList<Supply>> SupplyAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var workers = await db.Workers.AsNoTracking()
            .Where(x => x.State == WorkerState.Ready && x.DrainReason == null)
            .Select(x => new
            {
                Worker = x,
                Leases = db.Leases.Count(lease => lease.Worker == x.Name && lease.WorkerEpoch == x.Epoch),
                Frames = db.Leases.Where(lease => lease.Worker == x.Name && lease.WorkerEpoch == x.Epoch).Sum(lease => (long?)lease.Count) ?? 0,
                Blocks = db.WorkerBlocks.Where(block => block.Worker == x.Name).ToList(),
            })
            .ToListAsync(cancellationToken);
        return
        [
            .. workers.Select(x => new Supply(
                x.Worker.Name, x.Worker.Epoch, x.Worker.Slots, x.Worker.Window, x.Worker.BatchSize, x.Leases, x.Frames,
                x.Worker.Models.Where(model => model.Digest is not null).Select(model => model.Digest!).ToHashSet(),
                x.Worker.WarmModels.ToHashSet())
            {
                BlockedModels = x.Blocks.Where(block => block.Scope == BlockScope.Model).Select(block => block.Target).ToHashSet(),
                BlockedJobs = x.Blocks.Where(block => block.Scope == BlockScope.Job).Select(block => Guid.Parse(block.Target)).ToHashSet(),
            }),
        ];
    }
}
