using Microsoft.EntityFrameworkCore;
using Npgsql;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>What PostgreSQL reads for each hot operation on a database with history: by its own counters, for the statements as they are sent.</summary>
public sealed class FrameLedgerPlanTests(PostgresLedgerDatabase database) : IClassFixture<PostgresLedgerDatabase>, IAsyncLifetime
{
    private FarmDbFactory _factory = null!;
    private FrameLedger _ledger = null!;
    private FrameLedger _hasty = null!;
    private Dictionary<string, long> _before = [];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    /// <summary>Thousands of jobs, some of them crumbled, one with a hundred thousand frames, and all their history.</summary>
    public async ValueTask InitializeAsync()
    {
        var address = new NpgsqlConnectionStringBuilder(database.Options.ConnectionString) { MaxPoolSize = 1, ApplicationName = "plans" };
        _factory = new FarmDbFactory(new DatabaseOptions { Provider = DatabaseProvider.Postgres, ConnectionString = address.ConnectionString }, isHurried: false);
        await using var db = _factory.CreateDbContext();
        await db.Database.ExecuteSqlRawAsync("""
            INSERT INTO jobs (id, tenant, name, state, class, priority, model, model_digest, settings, output, labels, "count", prompt_count, frame_count, lease_limit, rendered, failed, cancelled,
                              render_milliseconds, next_fence, version, created_at, started_at)
            SELECT gen_random_uuid(), 'default', '', 'Running', 'Batch', 0, 'emoji', 'd', jsonb_build_object('seed', 1, 'prompt', 'x'), jsonb_build_object(), jsonb_build_object(),
                   CASE WHEN n = 1 THEN 200000 ELSE 60 END, 1, CASE WHEN n = 1 THEN 200000 ELSE 60 END, 64, CASE WHEN n = 1 THEN 100000 ELSE 20 END, 0, 0,
                   0, 2000, 2, now() - n * interval '1 second', now()
            FROM generate_series(1, 4000) n;
            INSERT INTO attempts (attempt_id, job_id, fence, "first", "count", rendered, worker, worker_epoch, started_at, ended_at, outcome)
            SELECT gen_random_uuid(), id, 1 + piece, 64 * piece, 64, 20, 'old', 1, now(), now(), 'Partial' FROM jobs, generate_series(0, CASE WHEN frame_count > 60 THEN 1600 ELSE 3 END) piece;
            INSERT INTO frames (job_id, "index", state, seed, artifact_key, sha256, bytes, width, height, attempt_id, worker, render_milliseconds, committed_at, version)
            SELECT id, n, 'Rendered', n, 'key', 'hash', 1, 1, 1, gen_random_uuid(), 'old', 0, now(), 1 FROM jobs, generate_series(0, rendered - 1) n;
            INSERT INTO spans (job_id, "first", "count", tries, crashes, available_at, rank, priority, submitted_at)
            SELECT id, rendered + 10 * piece, 10, piece % 2, 0, created_at, 2, priority, created_at FROM jobs, generate_series(0, 3) piece;
            ANALYZE;
            """, Cancelled);
        _ledger = new FrameLedger(_factory, database.Sql, LedgerData.Patient);
        _hasty = new FrameLedger(_factory, database.Sql, LedgerData.Hasty);
    }

    public async ValueTask DisposeAsync()
    {
        _ledger.Dispose();
        _hasty.Dispose();
        await _factory.DisposeAsync();
    }

    [Fact]
    public async Task No_hot_statement_reads_a_table_from_end_to_end()
    {
        var (large, usual) = await JobsAsync();
        await ReadsAsync("start");

        var fresh = (await _ledger.SubmitAsync(LedgerData.Job(400), null, Cancelled)).Job;
        await OnlyIndexesAsync("submit", "pk_jobs");
        await _ledger.WaitingAsync(256, Cancelled);
        await OnlyIndexesAsync("waiting", "ix_spans_queue", "pk_jobs");
        Assert.Empty(await _ledger.WaitingAsync(["another"], 5000, 256, Cancelled));
        await OnlyIndexesAsync("waiting for a model", "ix_spans_queue", "pk_jobs");
        await _ledger.PacesAsync(256, Cancelled);
        await OnlyIndexesAsync("paces", "ix_jobs_finished_at");

        var plans = usual.SelectMany(job => new[] { 20L, 30, 40 }, (job, first) => new OfferPlan(Guid.NewGuid(), job.Id, first, 8, "ada", 1))
            .Append(new OfferPlan(Guid.NewGuid(), large.Id, 100_000, 10, "ada", 1)).Append(new OfferPlan(Guid.NewGuid(), fresh.Id, 0, 64, "bob", 1)).ToList();
        var offers = (await _ledger.OfferAsync(plans, Cancelled)).Leases.Select(lease => lease.Offer).ToList();
        Assert.Equal(62, offers.Count);
        await OnlyIndexesAsync("offer", "pk_jobs", "pk_spans");

        Assert.Empty(await _ledger.AcceptAsync([.. offers.Select(offer => LedgerData.Accepted(offer, "ada"))], Cancelled));
        await OnlyIndexesAsync("accept");
        Assert.NotEmpty(await _ledger.RenewAsync("ada", 1, [.. offers.Select(offer => offer.AttemptId)], Cancelled));
        await OnlyIndexesAsync("renew");

        var reports = offers.Select(offer => LedgerData.Rendered(offer, "ada", offer.Frames.Take(5).Select(frame => frame.Index))).ToList();
        Assert.All((await _ledger.CommitAsync(reports, Cancelled)).Answers, answer => Assert.Empty(answer.Refused));
        await OnlyIndexesAsync("commit", "pk_jobs", "pk_attempts", "pk_frames", "pk_spans");
        await _ledger.EndAsync([.. offers.Take(30).Select(offer => LedgerData.Ended(offer, "ada", ErrorClass.Crash))], Cancelled);
        await OnlyIndexesAsync("end", "pk_jobs", "pk_attempts", "pk_frames", "pk_spans");
        Assert.All((await _ledger.CommitAsync(reports, Cancelled)).Answers, answer => Assert.Empty(answer.Refused));
        await OnlyIndexesAsync("commit again", "pk_attempts", "pk_frames");

        var overdue = await _hasty.OfferAsync([new OfferPlan(Guid.NewGuid(), large.Id, 100_010, 5, "ada", 1)], Cancelled);
        Assert.Equal(overdue.Leases.Count, (await _ledger.ExpireAsync(Cancelled)).Leases.Count);
        Assert.NotEmpty((await _ledger.ReleaseWorkerAsync("bob", 1, "left", Cancelled)).Leases);
        await _ledger.PauseAsync(large.Id, Cancelled);
        await _ledger.ResumeAsync(large.Id, Cancelled);
        await _hasty.DropOverdueQuarantineAsync(Cancelled);
        await _ledger.RequeueAsync(large.Id, null, Cancelled);
        await OnlyIndexesAsync("expire, release, pause, resume, quarantine", "pk_jobs", "pk_spans", "ix_frames_quarantined");
        await _ledger.CancelAsync(large.Id, Cancelled);
        await OnlyIndexesAsync("cancel", "pk_jobs", "pk_spans", "ix_frames_quarantined");
    }

    private async Task<(Job Large, List<Job> Usual)> JobsAsync()
    {
        await using var db = _factory.CreateDbContext();
        return (await db.Jobs.AsNoTracking().SingleAsync(job => job.FrameCount > 60, Cancelled), await db.Jobs.AsNoTracking().Where(job => job.FrameCount == 60).Take(20).ToListAsync(Cancelled));
    }

    private async Task OnlyIndexesAsync(string what, params string[] indexes)
    {
        var (tables, used) = await ReadsAsync(what);
        Assert.True(tables.Count == 0, $"{what} reads all of {string.Join(", ", tables)}.");
        Assert.True(indexes.All(used.Contains), $"{what} uses {string.Join(", ", used)}; expected {string.Join(", ", indexes)}.");
    }

    /// <summary>Tables read from end to end and indexes used by the ledger's one session since the last call. Leases are as few as the farm is wide.</summary>
    private async Task<(List<string> Tables, List<string> Indexes)> ReadsAsync(string what)
    {
        await using var db = await _factory.CreateDbContextAsync(Cancelled);
        await db.Database.ExecuteSqlRawAsync("SELECT pg_stat_force_next_flush()", Cancelled);
        var tables = await db.Database.SqlQueryRaw<Reads>(
            "SELECT relname::text AS name, coalesce(seq_scan, 0) AS count FROM pg_stat_user_tables WHERE relname IN ('jobs', 'spans', 'frames', 'attempts')").ToListAsync(Cancelled);
        var indexes = await db.Database.SqlQueryRaw<Reads>("SELECT indexrelname::text AS name, coalesce(idx_scan, 0) AS count FROM pg_stat_user_indexes").ToListAsync(Cancelled);
        var (before, now) = (_before, tables.Concat(indexes).ToDictionary(read => read.Name, read => read.Count));
        _before = now;
        Assert.True(tables.Count == 4, what);
        return ([.. Grown(tables)], [.. Grown(indexes)]);

        IEnumerable<string> Grown(List<Reads> reads) => reads.Where(read => read.Count > before.GetValueOrDefault(read.Name)).Select(read => read.Name);
    }

    private sealed record Reads(string Name, long Count);
}
