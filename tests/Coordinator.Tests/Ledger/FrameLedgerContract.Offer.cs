using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Fact]
    public async Task Offer_takes_frames_off_the_head_and_starts_the_job()
    {
        var job = await SubmitAsync(20);

        var result = await _ledger.OfferAsync(
            [new OfferPlan(Guid.NewGuid(), job.Id, 0, 8, Ada, 1), new OfferPlan(Guid.NewGuid(), job.Id, 8, 4, Bob, 7)], Cancelled);

        Assert.Equal("12+8 0/0", await SpansAsync(job));
        Assert.Equal([(Ada, 1L, 1L), (Bob, 7L, 2L)], result.Leases.Select(lease => (lease.Worker, lease.WorkerEpoch, lease.Offer.Fence)));
        Assert.Equal(LedgerData.Range(8, 4).Select(index => new LeasedFrame(index, 1000 + index, 0)), result.Leases[1].Offer.Frames);
        Assert.Equal(["a red apple"], result.Leases[1].Offer.Prompts);
        var stored = await LoadAsync(job);
        Assert.Equal((JobState.Running, 2L, 3L), (stored.State, stored.Version, stored.NextFence));
        Assert.NotNull(stored.StartedAt);
        Assert.Equal(new JobChange(job.Id, 2, JobState.Running, "emoji", 0, 0), Assert.Single(result.Jobs));
    }

    [Fact]
    public async Task Offer_carries_the_prompts_and_seeds_of_its_frames()
    {
        var job = (await _ledger.SubmitAsync(LedgerData.Job(3, prompt: null, prompts: 2), ["a cat", "a dog"], Cancelled)).Job;
        await OfferAsync(job, 0, 2);

        var offer = await OfferAsync(job, 2, 3);

        Assert.Equal(["a cat", "a dog"], offer.Prompts);
        Assert.Equal([new LeasedFrame(2, 1002, 0), new LeasedFrame(3, 1000, 1), new LeasedFrame(4, 1001, 1)], offer.Frames);
    }

    [Fact]
    public async Task Plan_whose_span_has_changed_is_lost()
    {
        var job = await SubmitAsync(10);
        await OfferAsync(job, 0, 4);

        var result = await _ledger.OfferAsync(
            [
                new OfferPlan(Guid.NewGuid(), job.Id, 0, 4, Bob, 1),
                new OfferPlan(Guid.NewGuid(), job.Id, 4, 7, Bob, 1),
                new OfferPlan(Guid.NewGuid(), Guid.NewGuid(), 0, 1, Bob, 1),
            ],
            Cancelled);

        Assert.Empty(result.Leases);
        Assert.Empty(result.Jobs);
        Assert.Equal(2, (await LoadAsync(job)).Version);
    }

    [Fact]
    public async Task Offer_without_frames_is_refused()
    {
        var job = await SubmitAsync(10);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => OfferAsync(job, 0, 0));
        Assert.Equal("0+10 0/0", await SpansAsync(job));
    }

    [Fact]
    public async Task Accept_starts_the_clock_once_and_names_what_is_gone()
    {
        var job = await SubmitAsync(4);
        var offer = await OfferAsync(job, 0, 4);
        var stale = LedgerData.Accepted(offer, Ada) with { Fence = offer.Fence + 1, AttemptId = offer.AttemptId };
        Assert.Equal([offer.AttemptId], await _ledger.AcceptAsync([stale], Cancelled));

        Assert.Empty(await _ledger.AcceptAsync([LedgerData.Accepted(offer, Ada)], Cancelled));
        var until = await LeaseUntilAsync(offer);
        Assert.Empty(await _ledger.AcceptAsync([LedgerData.Accepted(offer, Ada)], Cancelled));

        Assert.NotNull(until);
        Assert.Equal(until, await LeaseUntilAsync(offer));
        var unknown = new LeaseAccepted(Ada, 1, job.Id, Guid.NewGuid(), 1);
        Assert.Equal([unknown.AttemptId], await _ledger.AcceptAsync([unknown], Cancelled));
    }

    [Fact]
    public async Task Renew_names_what_is_gone_and_what_belongs_to_others()
    {
        var job = await SubmitAsync(8);
        var held = await OfferAsync(job, 0, 4);
        var foreign = await OfferAsync(job, 4, 4, Bob);
        var unknown = Guid.NewGuid();

        var gone = await _ledger.RenewAsync(Ada, 1, [held.AttemptId, foreign.AttemptId, unknown], Cancelled);
        var otherEpoch = await _ledger.RenewAsync(Ada, 2, [held.AttemptId], Cancelled);

        Assert.Equal([foreign.AttemptId, unknown], gone);
        Assert.Equal([held.AttemptId], otherEpoch);
        Assert.Empty(await _ledger.RenewAsync(Ada, 1, [], Cancelled));
        Assert.NotNull(await LeaseUntilAsync(held));
        Assert.Null(await LeaseUntilAsync(foreign));
    }

    [Fact]
    public async Task Frames_that_struck_a_worker_wait_before_the_next_try()
    {
        using var patient = database.Ledger(new LedgerOptions { RetryAfter = TimeSpan.FromHours(1) });
        var job = await SubmitAsync(4);
        var offer = await OfferAsync(job, 0, 2);
        await patient.EndAsync([LedgerData.Ended(offer, Ada, ErrorClass.Worker, "disk full")], Cancelled);

        Assert.Equal(2, Assert.Single(await _ledger.WaitingAsync(10, Cancelled)).First);
        Assert.Empty((await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, 0, 2, Bob, 1)], Cancelled)).Leases);
        Assert.Equal("0+2 1/0 not ada, 2+2 0/0", await SpansAsync(job));
    }

    private Task<DateTimeOffset?> LeaseUntilAsync(LeaseOffered offer) =>
        database.QueryAsync(db => db.Leases.AsNoTracking().Where(row => row.AttemptId == offer.AttemptId).Select(row => row.LeaseUntil).SingleAsync(Cancelled));
}
