using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>One match tick: reads what waits and who is free, places it, writes the leases, sends them.</summary>
internal sealed class MatchWork(ReadyWorkers workers, ModelPaces paces, FrameLedger ledger, Dispatch dispatch, LedgerNews news, StrandedJobs stranded)
{
    // More spans than a tick can place would only be read for nothing.
    private const int SpansPerTick = 256;

    /// <summary>Runs a tick; the answer is how many leases were offered.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var supply = await workers.WithRoomAsync(cancellationToken);
        if (supply.Count == 0)
        {
            return 0;
        }

        var waiting = await ledger.WaitingAsync(SpansPerTick, cancellationToken);
        if (waiting.Count == 0 || !await dispatch.IsOpenAsync(cancellationToken))
        {
            return 0;
        }

        var demand = await paces.FillAsync([.. waiting.Select(Demand)], cancellationToken);
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
        span.JobId, span.First, span.Count, span.Model, span.ModelDigest, span.Class, span.Work,
        span.MeanRenderMilliseconds is { } mean ? TimeSpan.FromMilliseconds(mean) : null, span.LeaseLimit, span.Strikes.Alone, span.Strikes.TriedWorkers);
}
