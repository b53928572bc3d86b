using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>Each compare-and-set, by all connections at once.</summary>
public sealed partial class FrameLedgerRaceTests
{
    [Fact]
    public async Task Every_accept_and_renewal_of_a_lease_agrees_with_its_expiry()
    {
        using var hasty = database.Ledger(LedgerData.Hasty);
        for (var round = 0; round < 5; round++)
        {
            var job = await SubmitAsync(60);
            var offers = await OfferAsync(hasty, job, leases: 30, frames: 2);
            var expired = new List<Guid>();
            var gone = await AtOnceAsync(async number =>
            {
                switch (number % 3)
                {
                    case 0:
                        var result = await _ledger.ExpireAsync(Cancelled);
                        lock (expired)
                        {
                            expired.AddRange(result.Leases.Select(lease => lease.AttemptId));
                        }

                        return null;
                    case 1:
                        return await _ledger.AcceptAsync([.. offers.Select(offer => LedgerData.Accepted(offer, "ada"))], Cancelled);
                    default:
                        return await _ledger.RenewAsync("ada", 1, [.. offers.Select(offer => offer.AttemptId)], Cancelled);
                }
            });

            Assert.Equal(expired.Count, expired.Distinct().Count());
            // What was gone for one was gone before, and what was alive for one has an hour to live.
            Assert.All(gone.OfType<IReadOnlyList<Guid>>(), answer => Assert.Empty(answer.Except(expired)));
            var alive = await database.QueryAsync(db => db.Leases.Where(lease => lease.JobId == job.Id).Select(lease => lease.AttemptId).ToListAsync(Cancelled));
            Assert.Equal(offers.Select(offer => offer.AttemptId).Order(), alive.Concat(expired).Order());
            await _ledger.CancelAsync(job.Id, Cancelled);
        }
    }

    [Fact]
    public async Task Same_frames_are_committed_once_by_all_who_report_them()
    {
        var job = await SubmitAsync(64);
        var offer = (await OfferAsync(_ledger, job, leases: 1, frames: 64))[0];

        var results = await AtOnceAsync(number => _ledger.CommitAsync([Report(offer, LedgerData.Range(number * 2, 32))], Cancelled));

        Assert.All(results, result => Assert.Empty(result.Answers[0].Refused));
        Assert.Equal(62, results.SelectMany(result => result.Jobs).Sum(change => change.Rendered));
        Assert.Equal(62, await database.QueryAsync(db => db.Frames.CountAsync(frame => frame.JobId == job.Id, Cancelled)));
    }

    [Fact]
    public async Task One_of_many_late_attempts_commits_a_frame_that_waits()
    {
        using var hasty = database.Ledger(LedgerData.Hasty);
        var job = await SubmitAsync(24);
        var late = new List<LeaseOffered>();
        for (var attempt = 0; attempt < Connections; attempt++)
        {
            late.AddRange(await OfferAsync(hasty, job, leases: 1, frames: 24));
            await _ledger.ExpireAsync(Cancelled);
        }

        var results = await AtOnceAsync(number => _ledger.CommitAsync([Report(late[number], LedgerData.Range(0, 24))], Cancelled));

        Assert.Equal(LedgerData.Range(0, 24), results.SelectMany(result => result.Answers[0].Committed).Order());
        Assert.Equal(24 * (Connections - 1), results.Sum(result => result.Answers[0].Refused.Count));
    }

    [Fact]
    public async Task An_end_counts_once_and_a_frame_is_either_committed_or_returned()
    {
        var job = await SubmitAsync(64);
        var offer = (await OfferAsync(_ledger, job, leases: 1, frames: 64))[0];

        var results = await AtOnceAsync(async number => number % 2 == 0
            ? (Ended: (await _ledger.EndAsync([LedgerData.Ended(offer, "ada", ErrorClass.Crash, "signal 11")], Cancelled)).Leases.Count, Committed: 0)
            : (Ended: 0, Committed: (await _ledger.CommitAsync([Report(offer, LedgerData.Range(number * 4, 4))], Cancelled)).Answers[0].Committed.Count));

        Assert.InRange(results.Sum(result => result.Ended), 1, 1);
        var (spans, stored) = (await SpansAsync(job), await LoadAsync(job));
        Assert.Equal(results.Sum(result => result.Committed), stored.Rendered);
        Assert.Equal(64 - stored.Rendered, spans.Sum(span => span.Count));
        Assert.All(spans, span => Assert.Equal((1, true), (span.Crashes, span.Alone)));
    }

    [Fact]
    public async Task Overdue_leases_and_those_of_a_worker_that_left_end_once()
    {
        using var hasty = database.Ledger(LedgerData.Hasty);
        var job = await SubmitAsync(120);
        var offers = await OfferAsync(hasty, job, leases: 60, frames: 2);

        var results = await AtOnceAsync(number => number % 2 == 0 ? _ledger.ExpireAsync(Cancelled) : _ledger.ReleaseWorkerAsync("ada", 1, "left", Cancelled));

        Assert.Equal(offers.Select(offer => offer.AttemptId).Order(), results.SelectMany(result => result.Leases).Select(lease => lease.AttemptId).Order());
        Assert.Equal((0, 120), Assert.Single((await SpansAsync(job)).Select(span => (span.First, span.Count))));
    }

    [Fact]
    public async Task One_of_many_cancels_cancels()
    {
        var job = await SubmitAsync(100);
        await OfferAsync(_ledger, job, leases: 10, frames: 2);

        var results = await AtOnceAsync(_ => _ledger.CancelAsync(job.Id, Cancelled));

        Assert.Equal(10, Assert.Single(results, result => result!.WasCancelled)!.Leases.Count);
    }

    [Fact]
    public async Task Pauses_resumes_offers_and_commits_at_once_leave_every_frame_in_one_place()
    {
        var job = await SubmitAsync(2000);
        Assert.Single(await AtOnceAsync(_ => _ledger.PauseAsync(job.Id, Cancelled)), result => result!.WasPaused);
        Assert.Single(await AtOnceAsync(_ => _ledger.ResumeAsync(job.Id, Cancelled)), result => result!.WasResumed);

        var committed = await AtOnceAsync(async number =>
        {
            var mine = 0;
            for (var round = 0; round < 6; round++)
            {
                switch (number % 4)
                {
                    case 0:
                        await _ledger.PauseAsync(job.Id, Cancelled);
                        Assert.All((await _ledger.WaitingAsync(50, Cancelled)).Where(span => span.JobId == job.Id), span => Assert.True(span.Count > 0));
                        break;
                    case 1:
                        await _ledger.ResumeAsync(job.Id, Cancelled);
                        break;
                    default:
                        var spans = await _ledger.WaitingAsync(1, Cancelled);
                        var plans = spans.Select(span => new OfferPlan(Guid.NewGuid(), span.JobId, span.First, (int)Math.Min(span.Count, 16), $"w{number}", 1)).ToList();
                        var offered = await _ledger.OfferAsync(plans, Cancelled);
                        var reports = offered.Leases.Select(lease => Report(lease.Offer, lease.Offer.Frames.Select(frame => frame.Index))).ToList();
                        mine += (await _ledger.CommitAsync(reports, Cancelled)).Answers.Sum(answer => answer.Committed.Count);
                        break;
                }
            }

            return mine;
        });

        var paused = (await _ledger.PauseAsync(job.Id, Cancelled))!.Job;
        Assert.Equal((JobState.Paused, (long)committed.Sum()), (paused.State, paused.Rendered));
        Assert.Equal(2000 - paused.Rendered, (await SpansAsync(job)).Sum(span => span.Count));
        Assert.Empty(await _ledger.WaitingAsync(10, Cancelled));
    }

    [Fact]
    public async Task Each_quarantined_frame_is_requeued_or_dropped_once()
    {
        using var hasty = database.Ledger(LedgerData.Hasty);
        var job = await SubmitAsync(40);
        var first = (await OfferAsync(_ledger, job, leases: 1, frames: 40))[0];
        await _ledger.EndAsync([LedgerData.Ended(first, "ada", ErrorClass.Crash)], Cancelled);
        for (var index = 0; index < 40; index++)
        {
            var alone = (await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, index, 1, "bob", 1, "ada")], Cancelled)).Leases[0].Offer;
            await _ledger.EndAsync([LedgerData.Ended(alone, "bob", ErrorClass.OutOfMemory)], Cancelled);
        }

        var results = await AtOnceAsync(async number => (number % 4) switch
        {
            0 => (Requeued: (await _ledger.RequeueAsync(job.Id, [.. LedgerData.Range(0, 15)], Cancelled))!.Frames, Dropped: 0),
            1 => (Requeued: (await _ledger.RequeueAsync(job.Id, [number, 20, 30], Cancelled))!.Frames, Dropped: 0),
            2 => (Requeued: 0, Dropped: (await _ledger.DropAsync(job.Id, [.. LedgerData.Range(10, 15)], Cancelled))!.Frames),
            _ => (Requeued: 0, Dropped: (await hasty.DropOverdueQuarantineAsync(Cancelled)).Sum(change => change.Failed)),
        });

        var (requeued, dropped, stored) = (results.Sum(result => result.Requeued), results.Sum(result => result.Dropped), await LoadAsync(job));
        Assert.Equal(40, requeued + dropped);
        Assert.Equal((0L, (long)dropped), (stored.Quarantined, stored.Failed));
        Assert.Equal(requeued, (await SpansAsync(job)).Sum(span => span.Count));
    }

    [Fact]
    public async Task Extending_all_leases_waits_for_nobody_for_ever()
    {
        var job = await SubmitAsync(400);
        var offers = await OfferAsync(_ledger, job, leases: 200, frames: 2);

        var results = await AtOnceAsync(async number => (number % 4) switch
        {
            0 => await _ledger.ExtendAsync(TimeSpan.FromHours(2), Cancelled),
            1 => (await _ledger.RenewAsync("ada", 1, [.. offers.Select(offer => offer.AttemptId).Reverse()], Cancelled)).Count,
            2 => (await _ledger.AcceptAsync([.. offers.Select(offer => LedgerData.Accepted(offer, "ada"))], Cancelled)).Count,
            _ => (await _ledger.CommitAsync([.. offers.Select(offer => Report(offer, [offer.Frames[0].Index]))], Cancelled)).Answers.Sum(answer => answer.Refused.Count),
        });

        Assert.All(results.Where((_, number) => number % 4 == 0), extended => Assert.Equal(200, extended));
        Assert.All(results.Where((_, number) => number % 4 != 0), gone => Assert.Equal(0, gone));
    }

    /// <summary>Leases of equal size off the head of a job's first span.</summary>
    private static async Task<List<LeaseOffered>> OfferAsync(FrameLedger ledger, Job job, int leases, int frames)
    {
        var plans = Enumerable.Range(0, leases).Select(number => new OfferPlan(Guid.NewGuid(), job.Id, number * frames, frames, "ada", 1)).ToList();
        var result = await ledger.OfferAsync(plans, Cancelled);
        Assert.Equal(leases, result.Leases.Count);
        return [.. result.Leases.Select(lease => lease.Offer)];
    }

    private Task<Job> LoadAsync(Job job) => database.QueryAsync(db => db.Jobs.AsNoTracking().SingleAsync(row => row.Id == job.Id, Cancelled));

    private Task<List<Span>> SpansAsync(Job job) => database.QueryAsync(db => db.Spans.AsNoTracking().Where(span => span.JobId == job.Id).OrderBy(span => span.First).ToListAsync(Cancelled));
}
