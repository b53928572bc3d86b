using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Fact]
    public async Task Cancel_revokes_leases_and_nothing_commits_afterwards()
    {
        var job = await SubmitAsync(1_000_000);
        var offer = await OfferAsync(job, 0, 4);
        var untouched = await OfferAsync(job, 4, 4, Bob);
        await CommitAsync(offer, 0);

        var result = await _ledger.CancelAsync(job.Id, Cancelled);

        Assert.NotNull(result);
        Assert.True(result.WasCancelled);
        Assert.Equal([(Ada, 1), (Bob, 0)], result.Leases.OrderBy(lease => lease.Worker).Select(lease => (lease.Worker, lease.Rendered)));
        var stored = await LoadAsync(job);
        Assert.Equal((JobState.Cancelled, 1L, 999_999L, 0L), (stored.State, stored.Rendered, stored.Cancelled, stored.Unsettled));
        Assert.Equal(result.Job.Version, stored.Version);
        Assert.NotNull(stored.FinishedAt);
        Assert.Equal("", await SpansAsync(job));
        Assert.Equal("committed 0, refused 1 2", Words(await CommitAsync(offer, 0, 1, 2)));
        Assert.Equal([untouched.AttemptId], await _ledger.AcceptAsync([LedgerData.Accepted(untouched, Bob)], Cancelled));
        Assert.Equal(AttemptOutcome.Cancelled, (await AttemptAsync(offer)).Outcome);
    }

    [Fact]
    public async Task Job_that_has_ended_stays_as_it_is()
    {
        var job = await SubmitAsync(1);
        await CommitAsync(await OfferAsync(job, 0, 1), 0);

        var result = await _ledger.CancelAsync(job.Id, Cancelled);

        Assert.False(result!.WasCancelled);
        Assert.Equal((JobState.Completed, 0L), (result.Job.State, (await LoadAsync(job)).Cancelled));
        Assert.Null(await _ledger.CancelAsync(Guid.NewGuid(), Cancelled));
    }

    [Fact]
    public async Task Cancelling_a_queued_million_settles_all_of_it_without_a_row_per_frame()
    {
        var job = await SubmitAsync(1_000_000);
        await _ledger.CancelAsync(job.Id, Cancelled);

        Assert.Equal(1_000_000, (await LoadAsync(job)).Cancelled);
        Assert.Empty(await FramesAsync(job));
    }
}
