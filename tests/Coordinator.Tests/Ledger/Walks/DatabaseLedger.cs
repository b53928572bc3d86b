using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>The frame ledger on a database. Its clock is the database's own, so deadlines are either hours away or over at once.</summary>
internal sealed class DatabaseLedger(LedgerDatabase database) : IWalkedLedger, IDisposable
{
    private readonly FrameLedger _patient = database.Ledger(LedgerData.Patient);
    private readonly FrameLedger _hasty = database.Ledger(LedgerData.Hasty);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public bool IsTimeless => true;

    public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddYears(50);

    public Task SubmitAsync(Job job) => _patient.SubmitAsync(job, null, Cancelled);

    public Task<IReadOnlyList<WaitingSpan>> WaitingAsync(int limit) => _patient.WaitingAsync(limit, Cancelled);

    public Task<OfferResult> OfferAsync(IReadOnlyList<OfferPlan> plans, LedgerOptions options) => By(options).OfferAsync(plans, Cancelled);

    public Task<IReadOnlyList<Guid>> AcceptAsync(IReadOnlyList<LeaseAccepted> accepted, LedgerOptions options) => By(options).AcceptAsync(accepted, Cancelled);

    public Task<IReadOnlyList<Guid>> RenewAsync(string worker, long epoch, IReadOnlyList<Guid> attempts, LedgerOptions options) => By(options).RenewAsync(worker, epoch, attempts, Cancelled);

    public Task<int> ExtendAsync(TimeSpan time) => _patient.ExtendAsync(time, Cancelled);

    public Task<CommitResult> CommitAsync(IReadOnlyList<FramesRendered> reports, LedgerOptions options) => By(options).CommitAsync(reports, Cancelled);

    public Task<EndResult> EndAsync(IReadOnlyList<LeaseEnded> reports, LedgerOptions options) => By(options).EndAsync(reports, Cancelled);

    public Task<EndResult> ExpireAsync() => _patient.ExpireAsync(Cancelled);

    public Task<EndResult> ReleaseWorkerAsync(string worker, long throughEpoch) => _patient.ReleaseWorkerAsync(worker, throughEpoch, "left", Cancelled);

    public Task<CancelResult?> CancelAsync(Guid job) => _patient.CancelAsync(job, Cancelled);

    public Task<PauseResult?> PauseAsync(Guid job) => _patient.PauseAsync(job, Cancelled);

    public Task<ResumeResult?> ResumeAsync(Guid job) => _patient.ResumeAsync(job, Cancelled);

    public Task<QuarantineResult?> RequeueAsync(Guid job, IReadOnlyList<long>? frames) => _patient.RequeueAsync(job, frames, Cancelled);

    public Task<QuarantineResult?> DropAsync(Guid job, IReadOnlyList<long>? frames) => _patient.DropAsync(job, frames, Cancelled);

    public Task<IReadOnlyList<JobChange>> DropOverdueQuarantineAsync(LedgerOptions options) => By(options).DropOverdueQuarantineAsync(Cancelled);

    public async Task<WalkedRows> ReadAsync(IReadOnlyCollection<Guid> jobs)
    {
        Assert.Empty(await _patient.AuditAsync(null, Cancelled));
        var ids = jobs.ToArray();
        await using var db = database.Factory.CreateDbContext();
        return new WalkedRows(
            await db.Jobs.AsNoTracking().Where(job => ids.Contains(job.Id)).ToListAsync(Cancelled),
            await db.Spans.AsNoTracking().Where(span => ids.Contains(span.JobId)).ToListAsync(Cancelled),
            await db.Leases.AsNoTracking().Where(lease => ids.Contains(lease.JobId)).ToListAsync(Cancelled),
            await db.Frames.Where(frame => ids.Contains(frame.JobId)).Select(frame => new SettledFrame(frame.JobId, frame.Index, frame.AttemptId, frame.State)).ToListAsync(Cancelled),
            await db.Attempts.Where(attempt => ids.Contains(attempt.JobId)).Select(attempt => new WalkedAttempt(attempt.AttemptId, attempt.Outcome, attempt.Rendered)).ToListAsync(Cancelled));
    }

    public async Task ForgetAsync(IReadOnlyCollection<Guid> jobs)
    {
        var ids = jobs.ToArray();
        await using var db = database.Factory.CreateDbContext();
        await db.Jobs.Where(job => ids.Contains(job.Id)).ExecuteDeleteAsync(Cancelled);
    }

    public void Dispose()
    {
        _patient.Dispose();
        _hasty.Dispose();
    }

    private FrameLedger By(LedgerOptions options) => options.LeaseFor > TimeSpan.Zero ? _patient : _hasty;
}
