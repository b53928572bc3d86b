namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class LedgerBook
{
    /// <summary>Takes frames off a span's head for a worker; null when the span is not what the plan saw, or its job is over.</summary>
    public Lease? Offer(OfferPlan plan)
    {
        if (plan.Count <= 0)
        {
            throw new ArgumentOutOfRangeException(nameof(plan), plan.Count, "An offer has at least one frame.");
        }

        if (!_jobs.TryGetValue(plan.JobId, out var known) || !known.CanLease || _spans[plan.JobId].TakeHead(plan, Now) is not { } span)
        {
            return null;
        }

        var lease = new Lease
        {
            AttemptId = plan.AttemptId,
            Fence = Touch(plan.JobId).Lease(Now),
            JobId = plan.JobId,
            First = plan.First,
            Count = plan.Count,
            Tries = span.Tries,
            Crashes = span.Crashes,
            Alone = span.Alone,
            TriedWorkers = span.TriedWorkers,
            Worker = plan.Worker,
            WorkerEpoch = plan.WorkerEpoch,
            State = LeaseState.Offered,
            OfferedAt = Now,
            AcceptBy = Now + _options.AcceptWithin,
            LeaseUntil = null,
        };
        Changes.AddedLeases.Add(lease);
        return lease;
    }
}
