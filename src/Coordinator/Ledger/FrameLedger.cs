using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>
/// The one door for spans, leases, frames and the progress of jobs. Each call is one transaction: it locks the jobs concerned in the order of
/// their ids, reads what the rules need, and writes what they changed. Any number of coordinators may call at once, and any call may be repeated.
/// </summary>
internal sealed partial class FrameLedger(IDbContextFactory<FarmDb> databases, LedgerSql sql, LedgerOptions options, LedgerHistory? history = null) : IDisposable
{
    /// <summary>Leases that one transaction expires at most; the next call takes the others.</summary>
    private const int ExpireAtOnce = 1000;

    private readonly SemaphoreSlim? _turn = sql.HasOneWriter ? new SemaphoreSlim(1) : null;

    /// <summary>The head of the queue: class, then priority, then age, of jobs that are queued or running.</summary>
    public async Task<IReadOnlyList<WaitingSpan>> WaitingAsync(int limit, CancellationToken cancellationToken) =>
        await ReadAsync(db => sql.WaitingAsync(db, limit, cancellationToken), cancellationToken);

    /// <summary>The first that wait for one of these models, behind however many others; it is not looked further than <paramref name="most"/> spans into the queue.</summary>
    public async Task<IReadOnlyList<WaitingSpan>> WaitingAsync(IReadOnlyCollection<string> digests, int most, int limit, CancellationToken cancellationToken) =>
        await ReadAsync(db => sql.WaitingAsync(db, digests, most, limit, cancellationToken), cancellationToken);

    /// <summary>Milliseconds that a step of a pixel took, by the digest of the model, over the jobs that ended last.</summary>
    public async Task<IReadOnlyDictionary<string, double>> PacesAsync(int jobs, CancellationToken cancellationToken) =>
        await ReadAsync(db => LedgerSql.PacesAsync(db, jobs, cancellationToken), cancellationToken);

    /// <summary>Starts the clocks of leases; the answer names the attempts that are gone.</summary>
    public async Task<IReadOnlyList<Guid>> AcceptAsync(IReadOnlyList<LeaseAccepted> accepted, CancellationToken cancellationToken)
    {
        var live = await WriteAsync(db => sql.AcceptAsync(db, accepted, options.LeaseFor, cancellationToken), cancellationToken);
        history?.Accepted(accepted, live);
        return [.. accepted.Select(lease => lease.AttemptId).Where(attempt => !live.Contains(attempt))];
    }

    /// <summary>Renews what a worker holds; the answer names the attempts that are gone.</summary>
    public async Task<IReadOnlyList<Guid>> RenewAsync(string worker, long epoch, IReadOnlyList<Guid> attempts, CancellationToken cancellationToken)
    {
        if (attempts.Count == 0)
        {
            return [];
        }

        var live = await WriteAsync(db => sql.RenewAsync(db, worker, epoch, attempts, options.LeaseFor, cancellationToken), cancellationToken);
        return [.. attempts.Where(attempt => !live.Contains(attempt))];
    }

    /// <summary>After a time in which nobody could renew: every lease lives at least this much longer. The answer is how many there are.</summary>
    public Task<int> ExtendAsync(TimeSpan time, CancellationToken cancellationToken) => WriteAsync(db => sql.ExtendAsync(db, time, cancellationToken), cancellationToken);

    /// <summary>Settles stored frames of any number of leases; each report is answered with what committed and what is somebody else's.</summary>
    public async Task<CommitResult> CommitAsync(IReadOnlyList<FramesRendered> reports, CancellationToken cancellationToken)
    {
        var attempts = reports.Select(report => (report.AttemptId, report.JobId)).ToList();
        var answers = new List<FramesCommitted>();
        var book = await ChangeAsync(attempts, book => answers = [.. reports.Select(book.Commit)], cancellationToken);
        history?.Answered(reports, answers);
        return new CommitResult(answers, book.ChangedJobs);
    }

    /// <summary>Ends leases that their workers gave back or failed.</summary>
    /// <param name="alongside">Writes what follows from it, at the ledger's moment and in its transaction: a report that comes again finds nothing to end.</param>
    public async Task<EndResult> EndAsync(
        IReadOnlyList<LeaseEnded> reports, CancellationToken cancellationToken, Func<FarmDb, DateTimeOffset, EndResult, Task>? alongside = null)
    {
        var attempts = reports.Select(report => (report.AttemptId, report.JobId)).ToList();
        var book = await ChangeAsync(
            attempts,
            book =>
            {
                foreach (var report in reports)
                {
                    book.End(report);
                }
            },
            cancellationToken,
            alongside);
        return new EndResult(book.Ended, book.ChangedJobs);
    }

    /// <summary>Returns the frames of leases that were not accepted or not renewed in time.</summary>
    public async Task<EndResult> ExpireAsync(CancellationToken cancellationToken)
    {
        var overdue = await ReadAsync(db => sql.OverdueAsync(db, ExpireAtOnce, cancellationToken), cancellationToken);
        return await ReturnAsync(overdue, book => book.Expire(), cancellationToken);
    }

    /// <summary>Returns the frames of a worker's leases at once, up to an epoch: it left, or a newer epoch has started.</summary>
    public async Task<EndResult> ReleaseWorkerAsync(string worker, long throughEpoch, string reason, CancellationToken cancellationToken)
    {
        var held = await ReadAsync(db => LedgerSql.HeldAsync(db, worker, throughEpoch, cancellationToken), cancellationToken);
        return await ReturnAsync(held, book => book.Release(reason), cancellationToken);
    }

    /// <summary>Everything that must hold between spans, leases, frames and counters and does not, of one job or of all; empty when the ledger is whole.</summary>
    public async Task<IReadOnlyList<LedgerViolation>> AuditAsync(Guid? jobId, CancellationToken cancellationToken) =>
        await ReadAsync(db => LedgerAudit.RunAsync(db, jobId, cancellationToken), cancellationToken);

    public void Dispose()
    {
        _turn?.Dispose();
        history?.Dispose();
    }

    private async Task<EndResult> ReturnAsync(List<(Guid Attempt, Guid Job)> attempts, Action<LedgerBook> change, CancellationToken cancellationToken)
    {
        if (attempts.Count == 0)
        {
            return new EndResult([], []);
        }

        var book = await ChangeAsync(attempts, change, cancellationToken);
        return new EndResult(book.Ended, book.ChangedJobs);
    }

    private async Task<LedgerBook> ChangeAsync(
        List<(Guid Attempt, Guid Job)> attempts, Action<LedgerBook> change, CancellationToken cancellationToken, Func<FarmDb, DateTimeOffset, EndResult, Task>? alongside = null)
    {
        var book = await WriteAsync(
            async db =>
            {
                var jobs = await sql.LockJobsAsync(db, [.. attempts.Select(attempt => attempt.Job).Distinct()], cancellationToken);
                var book = new LedgerBook(await sql.ReadAttemptsAsync(db, jobs, [.. attempts.Select(attempt => attempt.Attempt)], cancellationToken), options);
                change(book);
                await sql.WriteAsync(db, book.Close(), options.LeaseFor, cancellationToken);
                if (alongside is not null)
                {
                    await alongside(db, book.Now, new EndResult(book.Ended, book.ChangedJobs));
                }

                return book;
            },
            cancellationToken);
        history?.Changed(book.Changes);
        return book;
    }

    private async Task<T> WriteAsync<T>(Func<FarmDb, Task<T>> write, CancellationToken cancellationToken)
    {
        if (_turn is not null)
        {
            await _turn.WaitAsync(cancellationToken);
        }

        try
        {
            return await databases.WhilePassingAsync(() => WriteOnceAsync(write, cancellationToken), cancellationToken);
        }
        finally
        {
            _turn?.Release();
        }
    }

    private async Task<T> WriteOnceAsync<T>(Func<FarmDb, Task<T>> write, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        // A transaction that fails is given up as a whole; savepoints inside it would only be two statements more.
        db.Database.AutoSavepointsEnabled = false;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        var result = await write(db);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <summary>The connection is given back before anything is done with the answer: whoever holds one while waiting for another may wait for ever.</summary>
    private async Task<T> ReadAsync<T>(Func<FarmDb, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await db.Database.OpenConnectionAsync(cancellationToken);
        return await read(db);
    }
}
