using RenderFarm.Coordinator.Database;
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
        await using var db = await OpenAsync(cancellationToken);
        var leases = new List<OfferedLease>();
        foreach (var lease in won)
        {
            leases.Add(new OfferedLease(lease.Worker, lease.WorkerEpoch, await OfferOfAsync(db, book.Job(lease.JobId)!, lease, cancellationToken)));
        }

        return new OfferResult(leases, book.ChangedJobs);
    }

    private static async Task<LeaseOffered> OfferOfAsync(FarmDb db, Job job, Lease lease, CancellationToken cancellationToken)
    {
        var prompts = await JobPrompts.ReadAsync(db, job, lease.First, lease.Count, cancellationToken);
        var firstPrompt = JobPrompts.PromptOf(job, lease.First);
        var frames = Enumerable.Range(0, lease.Count)
            .Select(offset => lease.First + offset)
            .Select(index => new LeasedFrame(index, JobPrompts.SeedOf(job, index), JobPrompts.PromptOf(job, index) - firstPrompt));
        return new LeaseOffered(lease.AttemptId, lease.Fence, job.Id, job.Tenant, job.Model, job.ModelDigest, job.Settings, job.Output, prompts, [.. frames], job.BestOf, lease.Alone);
    }
}
