using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>The ledger's rules on rows in memory, with a clock that the walk moves: what the statements read for them is read here as they say it.</summary>
internal sealed partial class MemoryLedger : IWalkedLedger
{
    private readonly Dictionary<Guid, MemoryRows> _jobs = [];

    public bool IsTimeless => false;

    public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

    public Task SubmitAsync(Job job)
    {
        job.Submit(Now);
        var rows = new MemoryRows(MemoryRows.Copy(job));
        rows.Spans.Add(0, Span.Of(job, 0, job.FrameCount, Strikes.None, Now));
        _jobs.Add(job.Id, rows);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<WaitingSpan>> WaitingAsync(int limit) => Task.FromResult<IReadOnlyList<WaitingSpan>>(
    [
        .. _jobs.Values.Where(rows => rows.Job.CanLease).SelectMany(rows => rows.Spans.Values.Where(span => span.Rank < Span.PausedRank && span.AvailableAt <= Now).Select(span => (rows.Job, Span: span)))
            .OrderBy(x => x.Span.Rank).ThenByDescending(x => x.Span.Priority).ThenBy(x => x.Span.SubmittedAt).ThenBy(x => x.Job.Id).ThenBy(x => x.Span.First)
            .Take(limit)
            .Select(x => new WaitingSpan(
                x.Job.Id, x.Job.Tenant, x.Job.Class, x.Span.Priority, x.Span.SubmittedAt, x.Job.Model, x.Job.ModelDigest, x.Span.First, x.Span.Count, x.Span.Strikes, 1, null, x.Job.LeaseLimit)),
    ]);

    public Task<OfferResult> OfferAsync(IReadOnlyList<OfferPlan> plans, LedgerOptions options)
    {
        var jobs = Lock(plans.Select(plan => plan.JobId));
        var firsts = plans.Select(plan => plan.First).ToHashSet();
        var spans = jobs.SelectMany(job => _jobs[job.Id].Spans.Values.Where(span => firsts.Contains(span.First)));
        var book = new LedgerBook(new LedgerRows(Now, jobs, [.. spans], [], [], []), options);
        var won = plans.Select(book.Offer).OfType<Lease>().ToList();
        Write(book.Close(), options);
        return Task.FromResult(new OfferResult([.. won.Select(lease => new OfferedLease(lease.Worker, lease.WorkerEpoch, OfferOf(book.Job(lease.JobId)!, lease)))], book.ChangedJobs));
    }

    public Task<CommitResult> CommitAsync(IReadOnlyList<FramesRendered> reports, LedgerOptions options)
    {
        var answers = new List<FramesCommitted>();
        var book = Change([.. reports.Select(report => (report.AttemptId, report.JobId))], options, book => answers = [.. reports.Select(book.Commit)]);
        return Task.FromResult(new CommitResult(answers, book.ChangedJobs));
    }

    public Task<EndResult> EndAsync(IReadOnlyList<LeaseEnded> reports, LedgerOptions options) => EndedAsync(
        Change(
            [.. reports.Select(report => (report.AttemptId, report.JobId))], options,
            book =>
            {
                foreach (var report in reports)
                {
                    book.End(report);
                }
            }));

    public Task<EndResult> ExpireAsync() =>
        EndedAsync(Change([.. Leases.Where(lease => (lease.LeaseUntil ?? lease.AcceptBy) <= Now).Select(lease => (lease.AttemptId, lease.JobId))], new LedgerOptions(), book => book.Expire()));

    public Task<EndResult> ReleaseWorkerAsync(string worker, long throughEpoch) => EndedAsync(Change(
        [.. Leases.Where(lease => lease.Worker == worker && lease.WorkerEpoch <= throughEpoch).Select(lease => (lease.AttemptId, lease.JobId))], new LedgerOptions(), book => book.Release("left")));

    public Task<CancelResult?> CancelAsync(Guid job) => Task.FromResult(Hold(job, (book, row) => new CancelResult(row, book.Cancel(row), book.Ended)));

    public Task<PauseResult?> PauseAsync(Guid job) => Task.FromResult(Hold(job, (book, row) => new PauseResult(row, book.Pause(row), book.Ended)));

    public Task<ResumeResult?> ResumeAsync(Guid job) => Task.FromResult(Hold(job, (book, row) => new ResumeResult(row, book.Resume(row))));

    public Task<QuarantineResult?> RequeueAsync(Guid job, IReadOnlyList<long>? frames) =>
        Task.FromResult(Hold(job, (book, row) => new QuarantineResult(row, book.Requeue(row, frames), book.ChangedJobs)));

    public Task<QuarantineResult?> DropAsync(Guid job, IReadOnlyList<long>? frames) =>
        Task.FromResult(Hold(job, (book, row) => new QuarantineResult(row, book.Drop(row, frames), book.ChangedJobs)));

    public Task<IReadOnlyList<JobChange>> DropOverdueQuarantineAsync(LedgerOptions options)
    {
        var jobs = Lock(_jobs.Values.Where(rows => Quarantined(rows, options.QuarantineFor).Any()).Select(rows => rows.Job.Id));
        var frames = jobs.SelectMany(job => Quarantined(_jobs[job.Id], options.QuarantineFor)).ToList();
        var book = new LedgerBook(new LedgerRows(Now, jobs, [], [], [], frames), options);
        jobs.ForEach(job => book.Drop(job, null));
        Write(book.Close(), options);
        return Task.FromResult(book.ChangedJobs);
    }

    public Task<WalkedRows> ReadAsync(IReadOnlyCollection<Guid> jobs)
    {
        var rows = jobs.Where(_jobs.ContainsKey).Select(id => _jobs[id]).ToList();
        return Task.FromResult(new WalkedRows(
            [.. rows.Select(row => row.Job)], [.. rows.SelectMany(row => row.Spans.Values)], [.. rows.SelectMany(row => row.Leases.Values)],
            [.. rows.SelectMany(row => row.Frames.Values.Select(frame => frame.Frame))],
            [.. rows.SelectMany(row => row.Attempts.Values.Select(x => new WalkedAttempt(x.AttemptId, x.Outcome, x.Rendered + row.LateFrames.GetValueOrDefault(x.AttemptId))))]));
    }

    public Task ForgetAsync(IReadOnlyCollection<Guid> jobs)
    {
        foreach (var job in jobs)
        {
            _jobs.Remove(job);
        }

        return Task.CompletedTask;
    }

    private static Task<EndResult> EndedAsync(LedgerBook book) => Task.FromResult(new EndResult(book.Ended, book.ChangedJobs));

    private static LeaseOffered OfferOf(Job job, Lease lease) => new(
        lease.AttemptId, lease.Fence, job.Id, job.Tenant, job.Model, job.ModelDigest, job.Settings, job.Output, [job.Settings.Prompt!],
        [.. LedgerData.Range(lease.First, lease.Count).Select(index => new LeasedFrame(index, JobPrompts.SeedOf(job, index), 0))], job.BestOf, lease.Alone);
}
