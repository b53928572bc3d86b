using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Ledger;

internal sealed partial class FrameLedger
{
    /// <summary>Jobs whose overdue quarantine one transaction ends at most; the next call takes the others.</summary>
    private const int DropAtOnce = 100;

    /// <summary>Ends a job: frames not rendered by now never will be. Null when there is no such job.</summary>
    public Task<CancelResult?> CancelAsync(Guid jobId, CancellationToken cancellationToken) =>
        HoldAsync(jobId, (book, job) => new CancelResult(job, book.Cancel(job), book.Ended), cancellationToken);

    /// <summary>Takes a job's frames away from workers and out of the queue, until it is resumed. Null when there is no such job.</summary>
    public Task<PauseResult?> PauseAsync(Guid jobId, CancellationToken cancellationToken) =>
        HoldAsync(jobId, (book, job) => new PauseResult(job, book.Pause(job), book.Ended), cancellationToken);

    /// <summary>Puts a paused job back into the queue. Null when there is no such job.</summary>
    public Task<ResumeResult?> ResumeAsync(Guid jobId, CancellationToken cancellationToken) =>
        HoldAsync(jobId, (book, job) => new ResumeResult(job, book.Resume(job)), cancellationToken);

    /// <summary>Quarantined frames, these or all of the job, wait again with no strikes. Null when there is no such job.</summary>
    public Task<QuarantineResult?> RequeueAsync(Guid jobId, IReadOnlyList<long>? frames, CancellationToken cancellationToken) =>
        HoldAsync(jobId, (book, job) => new QuarantineResult(job, book.Requeue(job, frames), book.ChangedJobs), cancellationToken);

    /// <summary>Quarantined frames, these or all of the job, have failed. Null when there is no such job.</summary>
    public Task<QuarantineResult?> DropAsync(Guid jobId, IReadOnlyList<long>? frames, CancellationToken cancellationToken) =>
        HoldAsync(jobId, (book, job) => new QuarantineResult(job, book.Drop(job, frames), book.ChangedJobs), cancellationToken);

    /// <summary>Drops the frames that nobody has requeued in time; the answer holds the jobs that this changed.</summary>
    public async Task<IReadOnlyList<JobChange>> DropOverdueQuarantineAsync(CancellationToken cancellationToken)
    {
        var overdue = await ReadAsync(db => sql.OverdueQuarantineAsync(db, options.QuarantineFor, DropAtOnce, cancellationToken), cancellationToken);
        if (overdue.Count == 0)
        {
            return [];
        }

        var book = await WriteAsync(
            async db =>
            {
                var jobs = await sql.LockJobsAsync(db, overdue, cancellationToken);
                var book = new LedgerBook(await sql.ReadQuarantineAsync(db, jobs, options.QuarantineFor, cancellationToken), options);
                jobs.ForEach(job => book.Drop(job, null));
                await sql.WriteAsync(db, book.Close(), options.LeaseFor, cancellationToken);
                return book;
            },
            cancellationToken);
        history?.Changed(book.Changes);
        return book.ChangedJobs;
    }

    /// <summary>Changes a job with all its leases and quarantined frames at hand, and the spans beside these.</summary>
    private async Task<T?> HoldAsync<T>(Guid jobId, Func<LedgerBook, Job, T> change, CancellationToken cancellationToken)
        where T : class
    {
        var (result, changes) = await WriteAsync<(T?, LedgerChanges?)>(
            async db =>
            {
                var jobs = await sql.LockJobsAsync(db, [jobId], cancellationToken);
                if (jobs.Count == 0)
                {
                    return default;
                }

                var leased = await LedgerSql.LeasedAsync(db, jobId, cancellationToken);
                var rows = await sql.ReadAttemptsAsync(db, jobs, [.. leased.Select(lease => lease.Attempt)], cancellationToken);
                var quarantine = await sql.ReadQuarantineAsync(db, jobs, since: null, cancellationToken);
                var book = new LedgerBook(
                    rows with { Spans = [.. rows.Spans.UnionBy(quarantine.Spans, span => span.First)], Settled = [.. rows.Settled.Union(quarantine.Settled)] }, options);
                var result = change(book, jobs[0]);
                await sql.WriteAsync(db, book.Close(), options.LeaseFor, cancellationToken);
                return (result, book.Changes);
            },
            cancellationToken);
        if (changes is not null)
        {
            history?.Changed(changes);
        }

        return result;
    }
}
