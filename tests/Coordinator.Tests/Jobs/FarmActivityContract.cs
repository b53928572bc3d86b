using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Jobs;

/// <summary>What the overview reads, on every database alike.</summary>
public abstract class FarmActivityContract(LedgerDatabase database) : IAsyncLifetime
{
    private readonly FrameLedger _ledger = database.Ledger(LedgerData.Patient);
    private readonly FarmActivity _activity = new(database.Factory, TimeProvider.System);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await database.ExecuteAsync("DELETE FROM jobs");

    public ValueTask DisposeAsync()
    {
        _ledger.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Minutes_of_the_last_hour_count_what_was_settled_in_them()
    {
        var offer = await LeaseAsync(8);
        await _ledger.CommitAsync([LedgerData.Rendered(offer, "ada", 0, 1, 2)], Token);
        await MoveAsync(TimeSpan.FromMinutes(10));
        await _ledger.CommitAsync([LedgerData.Rendered(offer, "ada", 3, 4)], Token);
        await _ledger.EndAsync([LedgerData.Ended(offer, "ada", ErrorClass.Request, "NaN", new FailedFrame(5, "NaN"))], Token);

        var first = await _activity.ReadAsync(12, Token);
        var again = await _activity.ReadAsync(12, Token);

        Assert.All([first, again], activity =>
        {
            Assert.Equal((61, 5, 1, 2), (activity.Hour.Count, activity.Hour.Sum(minute => minute.Rendered), activity.Hour.Sum(minute => minute.Failed), activity.LastMinute));
            var tenAgo = Assert.Single(activity.Hour, minute => minute.Rendered == 3);
            Assert.InRange(activity.Hour[^1].Start - tenAgo.Start, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11));
            Assert.Equal(activity.Hour.Select(minute => minute.Start).Order(), activity.Hour.Select(minute => minute.Start));
        });
    }

    [Fact]
    public async Task What_waits_is_summed_by_class()
    {
        await LeaseAsync(8, JobClass.Interactive);
        var batch = (await _ledger.SubmitAsync(LedgerData.Job(1_000_000, jobClass: JobClass.Batch), null, Token)).Job;
        await _ledger.SubmitAsync(LedgerData.Job(10, jobClass: JobClass.Batch), null, Token);

        var backlog = (await _activity.ReadAsync(12, Token)).Backlog;

        Assert.Equal([(JobClass.Interactive, 2), (JobClass.Standard, 0), (JobClass.Batch, 1_000_010)], backlog.Select(entry => (entry.Class, entry.Waiting)));
        Assert.Null(backlog[1].Oldest);
        Assert.Equal(batch.CreatedAt.ToUnixTimeMilliseconds(), backlog[2].Oldest!.Value.ToUnixTimeMilliseconds());
    }

    [Fact]
    public async Task The_latest_images_come_newest_first_with_what_they_show()
    {
        var offer = await LeaseAsync(8);
        await _ledger.CommitAsync([LedgerData.Rendered(offer, "ada", 0, 1)], Token);
        await MoveAsync(TimeSpan.FromSeconds(5));
        await _ledger.CommitAsync([LedgerData.Rendered(offer, "ada", 2, 3)], Token);

        var latest = (await _activity.ReadAsync(3, Token)).Latest;

        Assert.Equal([(3L, "a red apple"), (2L, "a red apple")], latest.Take(2).Select(frame => (frame.Index, frame.Title)));
        Assert.Equal(3, latest.Count);
        Assert.All(latest, frame => Assert.Equal(offer.JobId, frame.JobId));
    }

    [Fact]
    public async Task A_jobs_history_tells_its_ended_leases_newest_first_and_a_list_its_jobs_with_failures()
    {
        var offer = await LeaseAsync(8);
        await _ledger.CommitAsync([LedgerData.Rendered(offer, "ada", 0, 1, 2)], Token);
        await _ledger.EndAsync([LedgerData.Ended(offer, "ada", ErrorClass.Request, "NaN", new FailedFrame(3, "NaN"))], Token);
        await LeaseAsync(4);

        var history = await new JobHistory(database.Factory).ReadAsync(offer.JobId, 10, Token);
        var failing = await new JobQueries(database.Factory, TimeProvider.System).ListAsync(new JobFilter([], HasFailures: true), Token);

        var entry = Assert.Single(history);
        Assert.Equal(("ada", 0L, 6, 3, "NaN"), (entry.Worker, entry.First, entry.Count, entry.Rendered, entry.Message));
        Assert.Equal(offer.JobId, Assert.Single(failing.Items).Id);
    }

    private async Task<LeaseOffered> LeaseAsync(int frames, JobClass jobClass = JobClass.Standard)
    {
        var job = (await _ledger.SubmitAsync(LedgerData.Job(frames, jobClass: jobClass), null, Token)).Job;
        var result = await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, 0, frames - 2, "ada", 1)], Token);
        var offer = Assert.Single(result.Leases).Offer;
        await _ledger.AcceptAsync([LedgerData.Accepted(offer, "ada")], Token);
        return offer;
    }

    /// <summary>Makes everything settled so far so much older.</summary>
    private Task<int> MoveAsync(TimeSpan back) => database.QueryAsync(async db =>
    {
        foreach (var moment in await db.Frames.Select(frame => frame.CommittedAt).Distinct().ToListAsync(Token))
        {
            var earlier = moment - back;
            await db.Frames.Where(frame => frame.CommittedAt == moment).ExecuteUpdateAsync(update => update.SetProperty(frame => frame.CommittedAt, earlier), Token);
        }

        return 0;
    });
}

public sealed class PostgresFarmActivityTests(PostgresLedgerDatabase database) : FarmActivityContract(database), IClassFixture<PostgresLedgerDatabase>;

public sealed class SqliteFarmActivityTests(SqliteLedgerDatabase database) : FarmActivityContract(database), IClassFixture<SqliteLedgerDatabase>;
