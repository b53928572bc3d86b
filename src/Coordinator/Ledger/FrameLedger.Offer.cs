using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class FrameLedger
{
    /// <summary>Takes frames off the heads of spans for workers. A plan whose span has changed since it was seen is left out of the answer.</summary>
    public async Task<OfferResult> OfferAsync(IReadOnlyList<OfferPlan> plans, CancellationToken cancellationToken)
    {
        if (plans.Count == 0)
        {
            return new OfferResult([], []);
        }

        var (won, book) = await WriteAsync(
            async db =>
            {
                var jobs = await sql.LockJobsAsync(db, [.. plans.Select(plan => plan.JobId).Distinct()], cancellationToken);
                var book = new LedgerBook(await sql.ReadHeadsAsync(db, jobs, [.. plans.Select(plan => plan.First).Distinct()], cancellationToken), options);
                var won = plans.Select(book.Offer).OfType<Lease>().ToList();
                await sql.WriteAsync(db, book.Close(), options.LeaseFor, cancellationToken);
                return (won, book);
            },
            cancellationToken);
        history?.Changed(book.Changes);
        var ranges = won.Select(lease => new PromptRange(book.Job(lease.JobId)!, lease.First, lease.Count)).ToList();
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var prompts = await JobPrompts.ReadAsync(db, ranges, cancellationToken);
        var leases = won.Zip(ranges, prompts).Select(x => new OfferedLease(x.First.Worker, x.First.WorkerEpoch, OfferOf(x.Second, x.First, x.Third)));
        return new OfferResult([.. leases], book.ChangedJobs);
    }

    private static LeaseOffered OfferOf(PromptRange range, Lease lease, IReadOnlyList<string> prompts)
    {
        var job = range.Job;
        var frames = Enumerable.Range(0, lease.Count)
            .Select(offset => lease.First + offset)
            .Select(index => new LeasedFrame(index, JobPrompts.SeedOf(job, index), JobPrompts.PromptOf(job, index) - range.FirstPrompt));
        return new LeaseOffered(lease.AttemptId, lease.Fence, job.Id, job.Tenant, job.Model, job.ModelDigest, job.Settings, job.Output, prompts, [.. frames], job.BestOf, lease.Alone);
    }
}
