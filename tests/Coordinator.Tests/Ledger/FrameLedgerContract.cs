using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>What the ledger promises, on every database alike. After each test the audit must find the ledger whole.</summary>
public abstract partial class FrameLedgerContract(LedgerDatabase database) : IAsyncLifetime
{
    private const string Ada = "ada";
    private const string Bob = "bob";

    private readonly FrameLedger _ledger = database.Ledger(LedgerData.Patient);
    private readonly FrameLedger _hasty = database.Ledger(LedgerData.Hasty);

    private bool _isDamaged;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("DELETE FROM jobs; DELETE FROM workers");

    public async ValueTask DisposeAsync()
    {
        if (!_isDamaged)
        {
            Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        }

        _ledger.Dispose();
        _hasty.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<Job> SubmitAsync(long count)
    {
        var result = await _ledger.SubmitAsync(LedgerData.Job(count), null, Cancelled);
        Assert.Equal(SubmitOutcome.Created, result.Outcome);
        return result.Job;
    }

    private Task<LeaseOffered> OfferAsync(Job job, long first, int count, string worker = Ada) => OfferAsync(_ledger, job, first, count, worker);

    private async Task<LeaseOffered> OfferAsync(FrameLedger ledger, Job job, long first, int count, string worker = Ada)
    {
        var tried = await database.QueryAsync(db => db.Spans.Where(span => span.JobId == job.Id && span.First == first).Select(span => span.TriedWorkers).SingleAsync(Cancelled));
        var result = await ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, first, count, worker, 1, tried)], Cancelled);
        return Assert.Single(result.Leases).Offer;
    }

    private async Task<FramesCommitted> CommitAsync(LeaseOffered offer, params IEnumerable<long> frames) =>
        Assert.Single((await _ledger.CommitAsync([LedgerData.Rendered(offer, Ada, frames)], Cancelled)).Answers);

    private static string Words(FramesCommitted answer) => $"committed {string.Join(' ', answer.Committed)}, refused {string.Join(' ', answer.Refused)}";

    private Task<Job> LoadAsync(Job job) => database.QueryAsync(db => db.Jobs.AsNoTracking().SingleAsync(row => row.Id == job.Id, Cancelled));

    private Task<Attempt> AttemptAsync(LeaseOffered offer) =>
        database.QueryAsync(db => db.Attempts.AsNoTracking().SingleAsync(row => row.AttemptId == offer.AttemptId, Cancelled));

    private Task<List<Frame>> FramesAsync(Job job) =>
        database.QueryAsync(db => db.Frames.AsNoTracking().Where(row => row.JobId == job.Id).OrderBy(row => row.Index).ToListAsync(Cancelled));

    /// <summary>Spans as <c>first+count tries/crashes</c>, and what else there is to tell.</summary>
    private async Task<string> SpansAsync(Job job)
    {
        var spans = await database.QueryAsync(db => db.Spans.AsNoTracking().Where(row => row.JobId == job.Id).OrderBy(row => row.First).ToListAsync(Cancelled));
        return string.Join(", ", spans.Select(span =>
            $"{span.First}+{span.Count} {span.Tries}/{span.Crashes}{(span.Alone ? " alone" : "")}{(span.TriedWorkers.Length > 0 ? $" not {span.TriedWorkers}" : "")}"));
    }
}

public sealed class FrameLedgerOnPostgresTests(PostgresLedgerDatabase database) : FrameLedgerContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class FrameLedgerOnSqliteTests(SqliteLedgerDatabase database) : FrameLedgerContract(database), IClassFixture<SqliteLedgerDatabase>;
