using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    private const string EndJob = "UPDATE jobs SET state = 'Cancelled', cancelled = frame_count - rendered - failed, finished_at = ";

    [Theory]
    [InlineData("DELETE FROM spans", "I7", "gap: frames are in no place")]
    [InlineData("DELETE FROM leases", "I7", "gap: frames are in no place")]
    [InlineData("UPDATE spans SET \"first\" = \"first\" - 1", "I7", "overlap: frames are in two places")]
    [InlineData("UPDATE spans SET \"count\" = \"count\" + 1", "I7", "range: frames are outside the job")]
    [InlineData("UPDATE spans SET \"count\" = \"count\" - 1", "I7", "gap: frames are in no place")]
    [InlineData("UPDATE leases SET \"count\" = \"count\" + 1", "I7", "overlap: frames are in two places")]
    [InlineData("UPDATE jobs SET rendered = rendered + 1", "I7", "counter: rendered")]
    [InlineData("UPDATE jobs SET failed = 0", "I7", "counter: failed")]
    [InlineData("UPDATE jobs SET quarantined = 1", "I7", "counter: quarantined")]
    [InlineData("UPDATE spans SET rank = rank + 100", "I7", "queue: a span is not in its job's place")]
    [InlineData("UPDATE jobs SET render_milliseconds = 1", "I7", "counter: render milliseconds")]
    [InlineData("UPDATE jobs SET cancelled = 1", "I7", "counter: cancelled")]
    [InlineData("DELETE FROM frames WHERE state = 'Rendered'", "I7", "counter: rendered")]
    [InlineData("DELETE FROM frames WHERE state = 'Failed'", "I7", "gap: frames are in no place")]
    [InlineData("UPDATE attempts SET rendered = 1", "I2", "result: an attempt counts other frames than it has")]
    [InlineData("DELETE FROM attempts", "I2", "attempt: a frame has none")]
    [InlineData("UPDATE leases SET fence = 77", "I3", "fence: a lease is ahead of its job")]
    [InlineData("UPDATE attempts SET fence = fence + 1", "I3", "fence: two leases have the same")]
    [InlineData("UPDATE leases SET offered_at = {offered_at - 60}", "I3", "fence: a later one was offered earlier")]
    [InlineData("UPDATE frames SET artifact_key = replace(artifact_key, '/3/', '/4/') WHERE state = 'Rendered'", "I4", "object: a key is not of its frame and attempt")]
    [InlineData("UPDATE frames SET attempt_id = (SELECT attempt_id FROM attempts WHERE attempts.job_id = frames.job_id) WHERE state = 'Rendered'", "I4", "object: a key is not of its frame and attempt")]
    [InlineData(EndJob + "created_at", "I6", "end: frames of an ended job wait")]
    [InlineData(EndJob + "{created_at - 60}", "I6", "end: an ended job was leased")]
    [InlineData("UPDATE jobs SET version = 1", "I9", "version: a frame is ahead of its job")]
    [InlineData(EndJob + "{created_at - 60}", "I10", "end: a frame was committed after it")]
    [InlineData("UPDATE jobs SET state = 'Paused'", "I10", "pause: a paused job has a lease")]
    [InlineData("UPDATE spans SET tries = 1", "I11", "strikes: tries that no worker's fault explains")]
    [InlineData("UPDATE spans SET crashes = 1", "I11", "strikes: crashes that no death explains")]
    [InlineData("UPDATE leases SET crashes = 2", "I13", "poison: frames wait over which two render processes died")]
    [InlineData(EndJob + "created_at", "I16", "end: an ended job has a lease")]
    [InlineData("UPDATE jobs SET next_fence = next_fence + 1", "I16", "outcome: leases ended without one")]
    [InlineData("DELETE FROM attempts", "I16", "outcome: leases ended without one")]
    public async Task Audit_finds_the_damage(string damage, string invariant, string rule)
    {
        var whole = await SubmitAsync(5);
        var job = await SubmitAsync(20);
        var failed = await OfferAsync(job, 0, 2);
        await _ledger.EndAsync([LedgerData.Ended(failed, Ada, ErrorClass.Request, "bad")], Cancelled);
        var leased = await OfferAsync(job, 2, 6);
        await CommitAsync(leased, 3, 4);
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        _isDamaged = true;

        var column = damage.Contains(" jobs ", StringComparison.Ordinal) ? "id" : "job_id";
        var condition = damage.Contains("WHERE state", StringComparison.Ordinal) ? " AND" : " WHERE";
        // SQLite keeps the ids of this provider as text in capitals; PostgreSQL reads any case.
        Assert.NotEqual(0, await database.ExecuteAsync($"{database.Moments(damage)}{condition} {column} = '{job.Id.ToString().ToUpperInvariant()}'"));

        var violations = await _ledger.AuditAsync(null, Cancelled);
        Assert.Contains(violations, violation => violation.Rule == rule && violation.Invariant == invariant);
        Assert.All(violations, violation => Assert.Equal(job.Id, violation.JobId));
        Assert.Equal(violations.Count, (await _ledger.AuditAsync(job.Id, Cancelled)).Count);
        Assert.Empty(await _ledger.AuditAsync(whole.Id, Cancelled));
    }

    [Theory]
    [InlineData(ErrorClass.Worker)]
    [InlineData(ErrorClass.Crash)]
    [InlineData(ErrorClass.OutOfMemory)]
    [InlineData(ErrorClass.Infrastructure)]
    [InlineData(ErrorClass.Interrupted)]
    public async Task Audit_holds_over_every_way_back(ErrorClass errorClass)
    {
        var job = await SubmitAsync(8);
        await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 4), Ada, errorClass, "it happened")], Cancelled);

        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
    }

    [Fact]
    public async Task Audit_asks_for_overdue_leases_only_while_workers_are_heard_of()
    {
        var job = await SubmitAsync(4);
        await OfferAsync(job, 0, 2);
        await database.ExecuteAsync(database.Moments("UPDATE leases SET accept_by = {accept_by - 7200}"));
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        _isDamaged = true;

        await AddWorkerAsync(window: 2);

        var violation = Assert.Single(await _ledger.AuditAsync(null, Cancelled));
        Assert.Equal(("I5", job.Id, Ada, "deadline: a lease is overdue by more than 60 s"), (violation.Invariant, violation.JobId, violation.Subject, violation.Rule));
        await database.ExecuteAsync("DELETE FROM workers");
    }

    [Fact]
    public async Task Audit_finds_strikes_for_what_strikes_nobody()
    {
        var job = await SubmitAsync(1);
        await using var db = database.Factory.CreateDbContext();
        var at = await db.NowAsync(Cancelled);
        var strikes = Enum.GetValues<ErrorClass>().Select(errorClass => new Strike
        {
            Id = Guid.NewGuid(),
            Worker = $"of {errorClass}",
            WorkerEpoch = 1,
            JobId = job.Id,
            Model = "emoji",
            AttemptId = Guid.NewGuid(),
            ErrorClass = errorClass,
            At = at,
        });
        db.AddRange(strikes);
        await db.SaveChangesAsync(Cancelled);

        var violations = await _ledger.AuditAsync(job.Id, Cancelled);

        Assert.All(violations, violation => Assert.Equal(("I11", "strikes: of an error that strikes nobody"), (violation.Invariant, violation.Rule)));
        Assert.Equal(["of Infrastructure", "of Interrupted", "of Request"], violations.Select(violation => violation.Subject).Order());
        await db.Strikes.ExecuteDeleteAsync(Cancelled);
    }

    [Fact]
    public async Task Audit_finds_a_worker_that_is_drained_for_strikes_that_are_void()
    {
        await AddWorkerAsync(window: 1);
        await database.ExecuteAsync("UPDATE workers SET drain_reason = 'Strikes: three in ten minutes'");
        await using var db = database.Factory.CreateDbContext();
        var strike = new Strike
        {
            Id = Guid.NewGuid(),
            Worker = Ada,
            WorkerEpoch = 1,
            JobId = Guid.NewGuid(),
            Model = "emoji",
            AttemptId = Guid.NewGuid(),
            ErrorClass = ErrorClass.Worker,
            At = await db.NowAsync(Cancelled),
        };
        db.Add(strike);
        await db.SaveChangesAsync(Cancelled);
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));

        strike.IsVoid = true;
        await db.SaveChangesAsync(Cancelled);

        var violation = Assert.Single(await _ledger.AuditAsync(null, Cancelled));
        Assert.Equal(("I11", Ada, "strikes: a worker is drained for ones that are void"), (violation.Invariant, violation.Subject, violation.Rule));
        await db.Strikes.ExecuteDeleteAsync(Cancelled);
        await database.ExecuteAsync("DELETE FROM workers");
    }

    [Fact]
    public async Task Audit_counts_the_leases_of_a_worker()
    {
        var job = await SubmitAsync(4);
        await OfferAsync(job, 0, 1);
        await OfferAsync(job, 1, 1);
        await AddWorkerAsync(window: 1);
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));

        await database.ExecuteAsync(database.Moments("UPDATE leases SET offered_at = {offered_at - 60}"));

        var violation = Assert.Single(await _ledger.AuditAsync(null, Cancelled));
        Assert.Equal(new LedgerViolation("I8", null, Ada, "window: a worker holds more leases than it may", Expected: 1, Actual: 2), violation);
        await database.ExecuteAsync("DELETE FROM workers");
    }

    [Fact]
    public async Task Audit_finds_a_database_that_answers_before_it_has_written()
    {
        await using var db = database.Factory.CreateDbContext();
        await db.Database.OpenConnectionAsync(Cancelled);
        Assert.Empty(await LedgerAudit.RunAsync(db, null, Cancelled));

        await db.Database.ExecuteSqlRawAsync(database.Sql.HasOneWriter ? "PRAGMA synchronous = OFF" : "SET synchronous_commit = off", Cancelled);
        var found = await LedgerAudit.RunAsync(db, null, Cancelled);
        // The connection goes back to the pool as it is.
        await db.Database.ExecuteSqlRawAsync(database.Sql.HasOneWriter ? "PRAGMA synchronous = FULL" : "RESET synchronous_commit", Cancelled);

        Assert.Equal("I1", Assert.Single(found).Invariant);
    }

    [Fact]
    public async Task Audit_neither_waits_for_writers_nor_keeps_them_waiting()
    {
        var job = await SubmitAsync(4);
        await using var writer = database.Factory.CreateDbContext();
        await using var transaction = await writer.Database.BeginTransactionAsync(Cancelled);
        await writer.Database.ExecuteSqlRawAsync("UPDATE jobs SET rendered = 1", Cancelled);

        // The writer's change is not yet true: the snapshot has the row before it.
        Assert.Empty(await _ledger.AuditAsync(job.Id, Cancelled));
        await transaction.RollbackAsync(Cancelled);
    }

    private async Task AddWorkerAsync(int window)
    {
        await using var db = database.Factory.CreateDbContext();
        var now = await db.NowAsync(Cancelled);
        db.Workers.Add(new FarmWorker
        {
            Name = Ada,
            Epoch = 1,
            State = WorkerState.Ready,
            Version = "1",
            Device = "cpu",
            Slots = 1,
            Window = window,
            BatchSize = 1,
            MemoryBytes = 1,
            Models = [],
            JoinedAt = now.AddHours(-1),
            LastSeenAt = now,
        });
        await db.SaveChangesAsync(Cancelled);
    }
}
