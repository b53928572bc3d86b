using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Theory]
    [InlineData(null)]
    [InlineData(ErrorClass.Infrastructure)]
    [InlineData(ErrorClass.Interrupted)]
    public async Task Nobody_is_struck_when_a_lease_is_handed_back(ErrorClass? errorClass)
    {
        var job = await SubmitAsync(10);
        for (var round = 0; round < 5; round++)
        {
            await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 4), Ada, errorClass, "away")], Cancelled);
        }

        Assert.Equal("0+10 0/0", await SpansAsync(job));
        Assert.Equal(0, (await LoadAsync(job)).Failed);
    }

    [Fact]
    public async Task Uncommitted_rest_returns_in_pieces_and_joins_its_neighbours()
    {
        var job = await SubmitAsync(12);
        var offer = await OfferAsync(job, 0, 8);
        await CommitAsync(offer, 2, 5);

        var result = await _ledger.EndAsync([LedgerData.Ended(offer, Ada, ErrorClass.Interrupted)], Cancelled);

        Assert.Equal("0+2 0/0, 3+2 0/0, 6+6 0/0", await SpansAsync(job));
        Assert.Equal(new EndedLease(offer.AttemptId, job.Id, Ada, 1, AttemptOutcome.Partial, 2), Assert.Single(result.Leases));
        Assert.Equal((AttemptOutcome.Partial, 2), ((await AttemptAsync(offer)).Outcome, (await AttemptAsync(offer)).Rendered));
    }

    [Fact]
    public async Task Frame_is_given_up_after_three_tries_that_failed_by_a_worker()
    {
        var job = await SubmitAsync(3);
        for (var strike = 1; strike <= 2; strike++)
        {
            await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 1), Ada, ErrorClass.Worker, "CUDA error 700")], Cancelled);
            Assert.Equal($"0+1 {strike}/0 not ada, 1+2 0/0", await SpansAsync(job));
        }

        var result = await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 1), Ada, ErrorClass.Worker, "CUDA error 700")], Cancelled);

        Assert.Equal("1+2 0/0", await SpansAsync(job));
        var frame = Assert.Single(await FramesAsync(job));
        Assert.Equal(FrameState.Failed, frame.State);
        Assert.Equal("Given up after 3 tries, the last by worker ada: CUDA error 700", frame.Error);
        Assert.Equal(1000, frame.Seed);
        Assert.Equal((JobState.Running, 1L, frame.Error), ((await LoadAsync(job)).State, (await LoadAsync(job)).Failed, (await LoadAsync(job)).Error));
        Assert.Equal(1, Assert.Single(result.Jobs).Failed);
    }

    [Theory]
    [InlineData(ErrorClass.Crash)]
    [InlineData(ErrorClass.OutOfMemory)]
    public async Task Frame_is_quarantined_after_two_deaths_the_second_alone(ErrorClass errorClass)
    {
        var job = await SubmitAsync(2);
        await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 2), Ada, errorClass, "signal 11")], Cancelled);
        Assert.Equal("0+2 0/1 alone not ada", await SpansAsync(job));
        Assert.Empty((await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, 0, 2, Bob, 1, Ada)], Cancelled)).Leases);
        Assert.Empty((await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, 0, 1, Ada, 1)], Cancelled)).Leases);
        var last = await OfferAsync(job, 0, 1, Bob);
        Assert.True(last.Alone);
        await _ledger.EndAsync([LedgerData.Ended(last, Bob, errorClass, "signal 11")], Cancelled);

        var stored = await LoadAsync(job);
        Assert.Equal((JobState.Running, 0L, 1L, 2L), (stored.State, stored.Failed, stored.Quarantined, stored.Unsettled));
        Assert.Equal($"2 render processes died over it, the last of worker bob in attempt {last.AttemptId}: signal 11", stored.Error);
        var frame = Assert.Single(await FramesAsync(job));
        Assert.Equal((0, FrameState.Quarantined, stored.Error, last.AttemptId, stored.Version), (frame.Index, frame.State, frame.Error, frame.AttemptId, frame.Version));
        Assert.Equal("1+1 0/1 alone not ada", await SpansAsync(job));
    }

    [Fact]
    public async Task Only_frames_that_were_in_the_render_process_are_struck()
    {
        var job = await SubmitAsync(10);
        var offer = await OfferAsync(job, 0, 8);
        await CommitAsync(offer, 0, 1);

        var report = LedgerData.Ended(offer, Ada, ErrorClass.Crash, "signal 11") with { Struck = [2, 3, 5, 99], Evidence = new string('x', 9000) + "signal\0 11" };
        await _ledger.EndAsync([report], Cancelled);

        Assert.Equal("2+2 0/1 alone not ada, 4+1 0/0, 5+1 0/1 alone not ada, 6+4 0/0", await SpansAsync(job));
        var evidence = (await AttemptAsync(offer)).Evidence!;
        Assert.Equal(8192, evidence.Length);
        Assert.EndsWith("xsignal 11", evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tried_workers_are_kept_once_and_in_order()
    {
        var job = await SubmitAsync(1);
        await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 1, Bob), Bob, ErrorClass.Worker)], Cancelled);
        await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 1, Ada), Ada, ErrorClass.Crash)], Cancelled);
        Assert.Equal("0+1 1/1 alone not ada bob", await SpansAsync(job));
        await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 1, Bob), Bob, ErrorClass.Worker)], Cancelled);
        Assert.Equal("0+1 2/1 alone not ada bob", await SpansAsync(job));
    }

    [Fact]
    public async Task Bad_request_fails_the_whole_lease_at_once()
    {
        var job = await SubmitAsync(6);
        var offer = await OfferAsync(job, 0, 4);
        await CommitAsync(offer, 1);

        await _ledger.EndAsync([LedgerData.Ended(offer, Ada, ErrorClass.Request, "NaN latents")], Cancelled);

        Assert.Equal("4+2 0/0", await SpansAsync(job));
        Assert.Equal([FrameState.Failed, FrameState.Rendered, FrameState.Failed, FrameState.Failed], (await FramesAsync(job)).Select(frame => frame.State));
        Assert.Equal("NaN latents", (await LoadAsync(job)).Error);
    }

    [Fact]
    public async Task Native_message_with_zero_bytes_and_without_end_is_stored_as_text()
    {
        var job = await SubmitAsync(1);
        var offer = await OfferAsync(job, 0, 1);

        await _ledger.EndAsync([LedgerData.Ended(offer, Ada, ErrorClass.Request, "bad\0 device" + new string('x', 5000))], Cancelled);

        Assert.StartsWith("bad devicexxx", (await LoadAsync(job)).Error, StringComparison.Ordinal);
        Assert.Equal(2000, (await AttemptAsync(offer)).Message!.Length);
    }

    [Fact]
    public async Task Only_the_named_frames_of_a_bad_request_fail()
    {
        var job = await SubmitAsync(4);
        var offer = await OfferAsync(job, 0, 4);
        await CommitAsync(offer, 0);

        await _ledger.EndAsync(
            [LedgerData.Ended(offer, Ada, ErrorClass.Request, "one frame", new FailedFrame(0, "settled"), new FailedFrame(2, "NaN latents"), new FailedFrame(99, "not mine"))],
            Cancelled);

        Assert.Equal("1+1 0/0, 3+1 0/0", await SpansAsync(job));
        Assert.Equal([(0, null), (2, "NaN latents")], (await FramesAsync(job)).Select(frame => (frame.Index, frame.Error)));
    }

    [Fact]
    public async Task Job_with_some_frames_failed_completes_when_the_rest_is_rendered()
    {
        var job = await SubmitAsync(2);
        await _ledger.EndAsync([LedgerData.Ended(await OfferAsync(job, 0, 1), Ada, ErrorClass.Request, "bad")], Cancelled);
        await CommitAsync(await OfferAsync(job, 1, 1), 1);

        var done = await LoadAsync(job);
        Assert.Equal((JobState.Completed, 1L, 1L, "bad"), (done.State, done.Rendered, done.Failed, done.Error));
    }

    [Fact]
    public async Task End_of_a_lease_that_is_not_held_changes_nothing()
    {
        var job = await SubmitAsync(4);
        var offer = await OfferAsync(job, 0, 4);
        var report = LedgerData.Ended(offer, Ada, ErrorClass.Request, "bad");

        var stale = await _ledger.EndAsync([report with { Fence = offer.Fence - 1 }, report with { AttemptId = Guid.NewGuid() }, report with { JobId = Guid.NewGuid() }], Cancelled);
        await _ledger.EndAsync([LedgerData.Ended(offer, Ada, null)], Cancelled);
        var again = await _ledger.EndAsync([report, report], Cancelled);

        Assert.Empty(stale.Leases);
        Assert.Empty(again.Leases);
        Assert.Empty(again.Jobs);
        Assert.Equal("0+4 0/0", await SpansAsync(job));
    }

    [Fact]
    public async Task Unaccepted_and_unrenewed_leases_expire_without_a_strike()
    {
        var job = await SubmitAsync(12);
        var offered = await OfferAsync(_hasty, job, 0, 4);
        var accepted = await OfferAsync(job, 4, 4);
        var lives = await OfferAsync(job, 8, 2);
        await _hasty.AcceptAsync([LedgerData.Accepted(accepted, Ada)], Cancelled);
        await _ledger.AcceptAsync([LedgerData.Accepted(lives, Ada)], Cancelled);

        var result = await _ledger.ExpireAsync(Cancelled);

        Assert.Equal(new[] { offered.AttemptId, accepted.AttemptId }.Order(), result.Leases.Select(lease => lease.AttemptId).Order());
        Assert.All(result.Leases, lease => Assert.Equal(AttemptOutcome.Expired, lease.Outcome));
        Assert.Equal("0+8 0/0, 10+2 0/0", await SpansAsync(job));
        Assert.Equal([offered.AttemptId], await _ledger.AcceptAsync([LedgerData.Accepted(offered, Ada)], Cancelled));
        Assert.Equal([accepted.AttemptId], await _ledger.RenewAsync(Ada, 1, [accepted.AttemptId, lives.AttemptId], Cancelled));
        Assert.Empty((await _ledger.ExpireAsync(Cancelled)).Leases);
    }

    [Fact]
    public async Task Worker_that_restarted_returns_what_its_older_epochs_held()
    {
        var job = await SubmitAsync(12);
        var plans = new[] { (Ada, 1L, 0L), (Ada, 2L, 4L), (Bob, 1L, 8L) };
        await _ledger.OfferAsync([.. plans.Select(plan => new OfferPlan(Guid.NewGuid(), job.Id, plan.Item3, 4, plan.Item1, plan.Item2))], Cancelled);

        var restarted = await _ledger.ReleaseWorkerAsync(Ada, 1, "restarted", Cancelled);
        Assert.Equal("0+4 0/0", await SpansAsync(job));
        var left = await _ledger.ReleaseWorkerAsync(Ada, 2, "left", Cancelled);

        Assert.Equal("0+8 0/0", await SpansAsync(job));
        Assert.Equal([AttemptOutcome.Released], restarted.Leases.Concat(left.Leases).Select(lease => lease.Outcome).Distinct());
        Assert.Empty((await _ledger.ReleaseWorkerAsync(Ada, 2, "left", Cancelled)).Jobs);
    }
}
