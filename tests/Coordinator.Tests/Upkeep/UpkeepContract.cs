using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Audit;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Coordinator.Upkeep;
using RenderFarm.Coordinator.Workers;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Upkeep;

/// <summary>What goes and what stays, on every database and every store. After each test the audit finds rows and objects in order.</summary>
public abstract class UpkeepContract(LedgerDatabase database) : IAsyncLifetime
{
    private const string Ada = "ada";
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly UpkeepStores _stores = new();
    private readonly FrameLedger _ledger = database.Ledger(LedgerData.Patient);
    private IArtifactStore? _store;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("DELETE FROM jobs");

    public async ValueTask DisposeAsync()
    {
        var report = await FarmAudit.RunAsync(database.Options, null, _store, null, Cancelled);
        Assert.Empty(report.Violations);
        _ledger.Dispose();
        await _stores.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(ArtifactStoreKind.Folder)]
    [InlineData(ArtifactStoreKind.S3)]
    public async Task The_sweep_takes_what_no_frame_will_ask_for_and_nothing_else(ArtifactStoreKind kind)
    {
        _store = await _stores.OpenAsync(kind);
        var job = await SubmitAsync(6);
        var first = await OfferAsync(job, 0, 2);
        await CommitAsync(first, 0, 1);
        var released = await OfferAsync(job, 2, 2);
        await _ledger.EndAsync([LedgerData.Ended(released, Ada, null)], Cancelled);
        var second = await OfferAsync(job, 2, 1);
        await CommitAsync(second, 2);
        var live = await OfferAsync(job, 3, 1);
        var cancelled = await SubmitAsync(2);
        var dead = await OfferAsync(cancelled, 0, 1);
        await _ledger.CancelAsync(cancelled.Id, Cancelled);
        string[] stay =
        [
            Key(first, 0), Key(first, 1), Key(second, 2),
            // A live attempt, and one that ended before it reported: nobody else was given its frame yet.
            Key(live, 3), Key(released, 3),
            // Models, and somebody else's.
            $"models/sha256/{new string('a', 64)}", "models/names/photos.json", "backup/notes.txt",
        ];
        string[] go =
        [
            // Superseded, cancelled, of an attempt and of a job that never were, and a check that was killed.
            Key(released, 2), Key(dead, 0), ArtifactKeys.For("default", job.Id, 4, Guid.NewGuid(), "png"), ArtifactKeys.For("default", Guid.NewGuid(), 0, Guid.NewGuid(), "png"), $"check/{Guid.NewGuid():N}",
        ];
        foreach (var key in stay.Concat(go))
        {
            await _store.PutAsync(key, new byte[] { 1, 2, 3 }, "image/png", Cancelled);
        }

        Assert.Null(await Sweep(after: Day).RunOnceAsync(Cancelled));
        Assert.Equal(stay.Concat(go).Order(), await KeysAsync());

        Assert.Equal("Removed 5 objects of 15 bytes that no frame will ask for", await Sweep(after: TimeSpan.FromSeconds(-5)).RunOnceAsync(Cancelled));
        Assert.Equal(stay.Order(), await KeysAsync());
        Assert.Null(await Sweep(after: TimeSpan.FromSeconds(-5)).RunOnceAsync(Cancelled));
    }

    [Fact]
    public async Task What_a_worker_was_told_to_delete_is_swept_though_its_frame_waits()
    {
        _store = await _stores.OpenAsync(ArtifactStoreKind.Folder);
        var job = await SubmitAsync(1);
        var late = await OfferAsync(job, 0, 1);
        await _ledger.EndAsync([LedgerData.Ended(late, Ada, null)], Cancelled);
        var now = await OfferAsync(job, 0, 1);
        await StoreAsync(late, 0);
        Assert.Equal([0L], (await _ledger.CommitAsync([LedgerData.Rendered(late, Ada, 0)], Cancelled)).Answers.Single().Refused);
        await _ledger.EndAsync([LedgerData.Ended(now, Ada, null)], Cancelled);

        await Sweep(after: TimeSpan.FromSeconds(-5)).RunOnceAsync(Cancelled);

        Assert.Empty(await KeysAsync());
    }

    [Theory]
    [InlineData(ArtifactStoreKind.Folder)]
    [InlineData(ArtifactStoreKind.S3)]
    public async Task A_job_goes_with_its_objects_when_its_time_is_over(ArtifactStoreKind kind)
    {
        _store = await _stores.OpenAsync(kind);
        var ownTime = await RenderedAsync(retainFor: Day);
        var longer = await RenderedAsync(retainFor: 3 * Day);
        var usual = await RenderedAsync(retainFor: null);
        var running = await SubmitAsync(2, retainFor: Day);
        await CommitAsync(await OfferAsync(running, 0, 1), 0);
        await database.ExecuteAsync(database.Moments("UPDATE jobs SET finished_at = {finished_at - 172800}, created_at = {created_at - 259200}"));
        await database.ExecuteAsync(database.Moments("UPDATE attempts SET started_at = {started_at - 172800}, ended_at = {ended_at - 172800}"));
        await database.ExecuteAsync(database.Moments("UPDATE frames SET committed_at = {committed_at - 172800}"));

        Assert.Equal("Removed 1 jobs whose time was over", await Retention(null).RunOnceAsync(Cancelled));
        Assert.Equal(new[] { longer, usual, running.Id }.Order(), await JobsAsync());
        Assert.Null(await Retention(3 * Day).RunOnceAsync(Cancelled));
        Assert.Equal("Removed 1 jobs whose time was over", await Retention(Day).RunOnceAsync(Cancelled));

        Assert.Equal(new[] { longer, running.Id }.Order(), await JobsAsync());
        Assert.DoesNotContain(await KeysAsync(), key => key.Contains($"{ownTime}", StringComparison.Ordinal) || key.Contains($"{usual}", StringComparison.Ordinal));
        Assert.Equal(3, (await KeysAsync()).Count);
        Assert.Equal(0, await database.QueryAsync(db => db.Frames.CountAsync(frame => frame.JobId == ownTime || frame.JobId == usual, Cancelled)));
        Assert.Equal(0, await database.QueryAsync(db => db.Attempts.CountAsync(attempt => attempt.JobId == ownTime || attempt.JobId == usual, Cancelled)));
    }

    [Fact]
    public async Task A_big_job_goes_batch_by_batch()
    {
        _store = await _stores.OpenAsync(ArtifactStoreKind.Folder);
        const int Frames = 2500;
        var job = await SubmitAsync(Frames, retainFor: Day);
        for (var first = 0; first < Frames; first += 50)
        {
            await CommitAsync(await OfferAsync(job, first, 50), [.. LedgerData.Range(first, 50)]);
        }

        await database.ExecuteAsync(database.Moments("UPDATE jobs SET finished_at = {finished_at - 172800}"));
        Assert.Equal("Removed 1 jobs whose time was over", await Retention(null).RunOnceAsync(Cancelled));
        Assert.Empty(await KeysAsync());
        Assert.Empty(await JobsAsync());
    }

    [Fact]
    public async Task An_interrupted_removal_is_gone_on_with()
    {
        _store = await _stores.OpenAsync(ArtifactStoreKind.Folder);
        var job = await RenderedAsync(retainFor: Day);
        await database.ExecuteAsync(database.Moments("UPDATE jobs SET finished_at = {finished_at - 172800}"));
        await _store.DeleteAsync((await KeysAsync())[0], Cancelled);

        Assert.Equal("Removed 1 jobs whose time was over", await Retention(null).RunOnceAsync(Cancelled));
        Assert.DoesNotContain(job, await JobsAsync());
    }

    [Fact]
    public async Task History_of_jobs_that_ended_long_ago_is_pruned_and_the_rest_stays()
    {
        _store = await _stores.OpenAsync(ArtifactStoreKind.Folder);
        var old = await RenderedAsync(null);
        var young = await RenderedAsync(null);
        var running = await SubmitAsync(2);
        await CommitAsync(await OfferAsync(running, 0, 1), 0);
        await database.ExecuteAsync(database.Moments(
            $"UPDATE jobs SET finished_at = {{finished_at - 172800}}, created_at = {{created_at - 172800}} WHERE id = '{old.ToString().ToUpperInvariant()}'"));
        await database.ExecuteAsync(database.Moments($"UPDATE attempts SET started_at = {{started_at - 172800}} WHERE job_id = '{old.ToString().ToUpperInvariant()}'"));
        await database.ExecuteAsync(database.Moments($"UPDATE frames SET committed_at = {{committed_at - 172800}} WHERE job_id = '{old.ToString().ToUpperInvariant()}'"));

        Assert.Null(await Pruning(3 * Day).RunOnceAsync(Cancelled));
        Assert.Null(await Pruning(null).RunOnceAsync(Cancelled));
        Assert.Equal("Removed 2 attempts of jobs that ended more than 1.00:00:00 ago", await Pruning(Day).RunOnceAsync(Cancelled));

        Assert.Equal(new[] { young, young, running.Id }.Order(), (await database.QueryAsync(db => db.Attempts.Select(attempt => attempt.JobId).ToListAsync(Cancelled))).Order());
        Assert.Equal(2, await database.QueryAsync(db => db.Frames.CountAsync(frame => frame.JobId == old, Cancelled)));
    }

    [Fact]
    public async Task Strikes_and_incidents_of_more_than_a_week_ago_go_but_for_an_incident_that_goes_on()
    {
        await using (var db = await database.Factory.CreateDbContextAsync(Cancelled))
        {
            var now = await db.NowAsync(Cancelled);
            db.Strikes.AddRange(StrikeOf(now - (8 * Day)), StrikeOf(now - (6 * Day)));
            db.Incidents.AddRange(IncidentOf("ended", now - (9 * Day), now - (8 * Day)), IncidentOf("lately", now - (9 * Day), now - (6 * Day)), IncidentOf("open", now - (9 * Day), null));
            await db.SaveChangesAsync(Cancelled);
        }

        var prune = new PruneStrikes(database.Factory, Options.Create(new UpkeepOptions()));
        Assert.Equal("Removed 1 strikes and 1 incidents older than 7.00:00:00", await prune.RunOnceAsync(Cancelled));
        Assert.Null(await prune.RunOnceAsync(Cancelled));
        Assert.Equal(["lately", "open"], (await database.QueryAsync(db => db.Incidents.Select(incident => incident.Kind).ToListAsync(Cancelled))).Order());
        await database.ExecuteAsync("DELETE FROM strikes");
        await database.ExecuteAsync("DELETE FROM incidents");
    }

    [Fact]
    public async Task An_object_that_is_gone_and_an_old_one_too_many_are_found()
    {
        var store = await _stores.OpenAsync(ArtifactStoreKind.Folder);
        _store = store;
        var job = await RenderedAsync(null);
        var keys = await KeysAsync();
        var orphan = ArtifactKeys.For("default", job, 7, Guid.NewGuid(), "png");
        await store.PutAsync(orphan, new byte[] { 1 }, "image/png", Cancelled);
        Assert.Empty((await FarmAudit.RunAsync(database.Options, null, store, null, Cancelled)).Violations);

        File.SetLastWriteTimeUtc(Path.Combine(_stores.Folder, orphan), DateTime.UtcNow.AddDays(-2));
        await store.DeleteAsync(keys[1], Cancelled);

        var report = await FarmAudit.RunAsync(database.Options, job, store, null, Cancelled);
        Assert.Equal(
            [$"I15 job {job}, {orphan}: object: an old one is of no frame", $"I15 job {job}, {keys[1]}: object: a picture is not in the store, frames 1 to 1"], report.Violations);
        Assert.False(report.Invariants.Single(invariant => invariant.Id == "I15").Holds);
        // One that retention is about is not missed.
        await database.ExecuteAsync(database.Moments("UPDATE jobs SET finished_at = {finished_at + 1}"));
        Assert.DoesNotContain((await FarmAudit.RunAsync(database.Options, job, store, TimeSpan.FromSeconds(-60), Cancelled)).Violations, line => line.Contains("not in the store", StringComparison.Ordinal));
        await Sweep(TimeSpan.FromHours(1)).RunOnceAsync(Cancelled);
        await store.PutAsync(keys[1], new byte[] { 1 }, "image/png", Cancelled);
    }

    private SweepObjects Sweep(TimeSpan after) => new(database.Factory, _store!, Options.Create(new UpkeepOptions { SweepAfter = after }));

    private RetainJobs Retention(TimeSpan? usual) => new(database.Factory, _store!, Options.Create(new UpkeepOptions { RetainJobs = usual }));

    private PruneAttempts Pruning(TimeSpan? keep) => new(database.Factory, Options.Create(new UpkeepOptions { KeepAttempts = keep }));

    private static Strike StrikeOf(DateTimeOffset at) => new()
    {
        Id = Guid.NewGuid(),
        Worker = Ada,
        WorkerEpoch = 1,
        JobId = Guid.NewGuid(),
        Model = "emoji",
        AttemptId = Guid.NewGuid(),
        ErrorClass = ErrorClass.Worker,
        At = at,
    };

    private static Incident IncidentOf(string kind, DateTimeOffset from, DateTimeOffset? to) => new() { Id = Guid.NewGuid(), Kind = kind, StartedAt = from, EndedAt = to, Message = kind };

    /// <summary>A job of two pictures by two leases.</summary>
    private async Task<Guid> RenderedAsync(TimeSpan? retainFor)
    {
        var job = await SubmitAsync(2, retainFor);
        await CommitAsync(await OfferAsync(job, 0, 1), 0);
        await CommitAsync(await OfferAsync(job, 1, 1), 1);
        return job.Id;
    }

    private async Task<Job> SubmitAsync(long count, TimeSpan? retainFor = null) => (await _ledger.SubmitAsync(LedgerData.Job(count, retainFor: retainFor), null, Cancelled)).Job;

    private async Task<LeaseOffered> OfferAsync(Job job, long first, int count) =>
        Assert.Single((await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, first, count, Ada, 1)], Cancelled)).Leases).Offer;

    private async Task CommitAsync(LeaseOffered offer, params long[] frames)
    {
        foreach (var frame in frames)
        {
            await StoreAsync(offer, frame);
        }

        Assert.Equal(frames, Assert.Single((await _ledger.CommitAsync([LedgerData.Rendered(offer, Ada, frames)], Cancelled)).Answers).Committed);
    }

    private Task StoreAsync(LeaseOffered offer, long frame) => _store!.PutAsync(Key(offer, frame), new byte[] { 1, 2, 3 }, "image/png", Cancelled);

    private static string Key(LeaseOffered offer, long frame) => LedgerData.Frame(offer, frame).ArtifactKey;

    private async Task<List<string>> KeysAsync()
    {
        var keys = await _store!.ListAsync("", Cancelled).Select(artifact => artifact.Key).ToListAsync(Cancelled);
        keys.Sort(StringComparer.Ordinal);
        return keys;
    }

    private async Task<IEnumerable<Guid>> JobsAsync() => (await database.QueryAsync(db => db.Jobs.Select(job => job.Id).ToListAsync(Cancelled))).Order();
}

public sealed class UpkeepOnPostgresTests(PostgresLedgerDatabase database) : UpkeepContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class UpkeepOnSqliteTests(SqliteLedgerDatabase database) : UpkeepContract(database), IClassFixture<SqliteLedgerDatabase>;
