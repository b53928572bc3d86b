using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>One match tick: reads what waits and who is free, places it, writes the leases, sends them.</summary>
internal sealed class MatchWork(ReadyWorkers workers, ModelPaces paces, FrameLedger ledger, Dispatch dispatch, LedgerNews news, StrandedJobs stranded, TimeProvider time)
{
    // More spans than a tick can place would only be read for nothing.
    private const int SpansPerTick = 256;

    // Looking past the head costs a look at each span on the way: a tenth of the time at most goes into it.
    private const int SpansPast = 50_000;
    private const int Rest = 9;
    private static readonly TimeSpan LookPastEvery = TimeSpan.FromMilliseconds(500);

    private long? _lookedPast;
    private TimeSpan _pause = LookPastEvery;

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

        IReadOnlyList<Demand> head = [.. waiting.Select(Demand)];
        stranded.Note(head, supply);
        var demand = await paces.FillAsync(await WithThosePastAsync(head, supply, cancellationToken), cancellationToken);
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

    /// <summary>Work for the workers that have room and may render nothing at the head of the queue: what keeps the others busy for hours does not keep these idle.</summary>
    private async Task<IReadOnlyList<Demand>> WithThosePastAsync(IReadOnlyList<Demand> head, IReadOnlyList<Supply> supply, CancellationToken cancellationToken)
    {
        if (head.Count < SpansPerTick || (_lookedPast is { } last && time.GetElapsedTime(last) < _pause))
        {
            return head;
        }

        var digests = supply.Where(worker => worker.Leases < worker.Window && !head.Any(worker.May)).SelectMany(worker => worker.Digests).ToHashSet();
        if (digests.Count == 0)
        {
            return head;
        }

        var start = time.GetTimestamp();
        var past = await ledger.WaitingAsync(digests, SpansPast, SpansPerTick, cancellationToken);
        _lookedPast = time.GetTimestamp();
        _pause = TimeSpan.FromTicks(Math.Max(LookPastEvery.Ticks, Rest * time.GetElapsedTime(start).Ticks));
        return [.. head.Concat(past.Select(Demand)).DistinctBy(span => (span.JobId, span.First))];
    }

    private static Demand Demand(WaitingSpan span) => new(
        span.JobId, span.First, span.Count, span.Model, span.ModelDigest, span.Class, span.Work,
        span.MeanRenderMilliseconds is { } mean ? TimeSpan.FromMilliseconds(mean) : null, span.LeaseLimit, span.Strikes.Alone, span.Strikes.TriedWorkers);
}
