using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Fact]
    public async Task Paused_job_is_taken_from_its_workers_and_goes_on_where_it_was()
    {
        var job = await SubmitAsync(20);
        var half = await OfferAsync(job, 0, 4);
        var whole = await OfferAsync(job, 4, 4, Bob);
        await CommitAsync(half, 1);

        var paused = await _ledger.PauseAsync(job.Id, Cancelled);

        Assert.True(paused!.WasPaused);
        Assert.Equal((JobState.Paused, 3), (paused.Job.State, (await FramesAsync(job)).Count + paused.Leases.Count));
        Assert.Equal("0+1 0/0, 2+18 0/0", await SpansAsync(job));
        Assert.Equal((AttemptOutcome.Partial, "The job was paused."), ((await AttemptAsync(half)).Outcome, (await AttemptAsync(half)).Message));
        Assert.Equal(AttemptOutcome.Released, (await AttemptAsync(whole)).Outcome);
        Assert.Empty(await _ledger.WaitingAsync(10, Cancelled));
        Assert.Empty((await _ledger.OfferAsync([new OfferPlan(Guid.NewGuid(), job.Id, 2, 1, Ada, 1)], Cancelled)).Leases);
        Assert.Equal([whole.AttemptId], await _ledger.RenewAsync(Bob, 1, [whole.AttemptId], Cancelled));
        Assert.Equal("committed 1, refused 0", Words(await CommitAsync(half, 0, 1)));
        Assert.False((await _ledger.PauseAsync(job.Id, Cancelled))!.WasPaused);

        var resumed = await _ledger.ResumeAsync(job.Id, Cancelled);

        Assert.True(resumed!.WasResumed);
        Assert.Equal(JobState.Running, (await LoadAsync(job)).State);
        Assert.Equal([(0L, 1L), (2L, 18L)], (await _ledger.WaitingAsync(10, Cancelled)).Select(span => (span.First, span.Count)));
        // Its worker was told to delete the object of frame 0; that of frame 3 it still has.
        Assert.Equal("committed 3, refused 0", Words(await CommitAsync(half, 0, 3)));
        Assert.False((await _ledger.ResumeAsync(job.Id, Cancelled))!.WasResumed);
        Assert.Null(await _ledger.PauseAsync(Guid.NewGuid(), Cancelled));
        Assert.Null(await _ledger.ResumeAsync(Guid.NewGuid(), Cancelled));
    }

    [Fact]
    public async Task Job_that_is_paused_in_the_queue_is_queued_when_it_is_resumed_and_can_be_cancelled_before()
    {
        var (kept, dropped) = (await SubmitAsync(2), await SubmitAsync(2));
        await _ledger.PauseAsync(kept.Id, Cancelled);
        await _ledger.PauseAsync(dropped.Id, Cancelled);

        await _ledger.ResumeAsync(kept.Id, Cancelled);
        Assert.True((await _ledger.CancelAsync(dropped.Id, Cancelled))!.WasCancelled);

        Assert.Equal(JobState.Queued, (await LoadAsync(kept)).State);
        Assert.Equal(kept.Id, Assert.Single(await _ledger.WaitingAsync(10, Cancelled)).JobId);
        Assert.Equal((JobState.Cancelled, 2L), ((await LoadAsync(dropped)).State, (await LoadAsync(dropped)).Cancelled));
        Assert.False((await _ledger.PauseAsync(dropped.Id, Cancelled))!.WasPaused);
    }

    [Fact]
    public async Task Job_waits_for_its_quarantined_frames_and_requeued_ones_have_no_strikes()
    {
        var job = await SubmitAsync(4);
        await QuarantineAsync(job, 1, 2);
        await CommitAsync(await OfferAsync(job, 0, 1), 0);
        await CommitAsync(await OfferAsync(job, 3, 1), 3);
        Assert.Equal((JobState.Running, 2L, 2L), ((await LoadAsync(job)).State, (await LoadAsync(job)).Quarantined, (await LoadAsync(job)).Unsettled));

        var one = await _ledger.RequeueAsync(job.Id, [2, 3, 77], Cancelled);

        Assert.Equal((1, 1L), (one!.Frames, one.Job.Quarantined));
        Assert.Equal(one.Job.Version, Assert.Single(one.Jobs).Version);
        Assert.Equal("2+1 0/0", await SpansAsync(job));
        var rest = await _ledger.RequeueAsync(job.Id, null, Cancelled);
        Assert.Equal("1+2 0/0", await SpansAsync(job));
        Assert.Equal((1, 0L), (rest!.Frames, rest.Job.Quarantined));
        var nothing = await _ledger.RequeueAsync(job.Id, null, Cancelled);
        Assert.Equal((0, 0), (nothing!.Frames, nothing.Jobs.Count));
        await CommitAsync(await OfferAsync(job, 1, 2), 1, 2);
        Assert.Equal((JobState.Completed, 4L), ((await LoadAsync(job)).State, (await LoadAsync(job)).Rendered));
        Assert.Null(await _ledger.RequeueAsync(Guid.NewGuid(), null, Cancelled));
    }

    [Fact]
    public async Task Dropped_frames_have_failed_and_the_last_of_them_ends_the_job()
    {
        var job = await SubmitAsync(3);
        await QuarantineAsync(job, 0, 3);

        var first = await _ledger.DropAsync(job.Id, [1], Cancelled);
        Assert.Equal((1, JobState.Running, 2L, 1L), (first!.Frames, first.Job.State, first.Job.Quarantined, first.Job.Failed));
        Assert.Equal(1, Assert.Single(first.Jobs).Failed);
        await _ledger.PauseAsync(job.Id, Cancelled);
        var all = await _ledger.DropAsync(job.Id, null, Cancelled);

        Assert.Equal((2, JobState.Failed, 0L), (all!.Frames, all.Job.State, all.Job.Unsettled));
        var frames = await FramesAsync(job);
        Assert.All(frames, frame => Assert.Equal(FrameState.Failed, frame.State));
        Assert.Equal([all.Job.Version, first.Job.Version, all.Job.Version], frames.Select(frame => frame.Version));
        Assert.Contains("signal 11", frames[0].Error!, StringComparison.Ordinal);
        Assert.Null(await _ledger.DropAsync(Guid.NewGuid(), null, Cancelled));
    }

    [Fact]
    public async Task Quarantine_that_nobody_ends_is_over_after_its_time()
    {
        var (job, running) = (await SubmitAsync(1), await SubmitAsync(2));
        await QuarantineAsync(job, 0, 1);
        await QuarantineAsync(running, 0, 1);
        Assert.Empty(await _ledger.DropOverdueQuarantineAsync(Cancelled));

        var dropped = await _hasty.DropOverdueQuarantineAsync(Cancelled);

        Assert.Equal(new[] { (job.Id, 1), (running.Id, 1) }.Order(), dropped.Select(change => (change.JobId, change.Failed)).Order());
        Assert.Equal((JobState.Failed, JobState.Running), ((await LoadAsync(job)).State, (await LoadAsync(running)).State));
        Assert.Empty(await _hasty.DropOverdueQuarantineAsync(Cancelled));
    }

    [Fact]
    public async Task Cancel_gives_quarantined_frames_up()
    {
        var job = await SubmitAsync(5);
        await QuarantineAsync(job, 0, 2);

        var result = await _ledger.CancelAsync(job.Id, Cancelled);

        Assert.Equal((JobState.Cancelled, 2L, 3L, 0L), (result!.Job.State, result.Job.Failed, result.Job.Cancelled, result.Job.Quarantined));
        Assert.All(await FramesAsync(job), frame => Assert.Equal((FrameState.Failed, result.Job.Version), (frame.State, frame.Version)));
    }

    [Fact]
    public async Task Extended_leases_outlive_an_outage_and_long_ones_are_not_cut()
    {
        var job = await SubmitAsync(12);
        var offered = await OfferAsync(_hasty, job, 0, 4);
        var accepted = await OfferAsync(_hasty, job, 4, 4);
        await _hasty.AcceptAsync([LedgerData.Accepted(accepted, Ada)], Cancelled);
        var patient = await OfferAsync(job, 8, 4);

        Assert.Equal(3, await _ledger.ExtendAsync(TimeSpan.FromMinutes(1), Cancelled));

        Assert.Empty((await _ledger.ExpireAsync(Cancelled)).Leases);
        var now = await database.QueryAsync(db => db.NowAsync(Cancelled));
        var leases = await database.QueryAsync(db => Task.FromResult(db.Leases.AsEnumerable().ToDictionary(lease => lease.AttemptId)));
        Assert.InRange(leases[offered.AttemptId].AcceptBy - now, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1));
        Assert.Null(leases[offered.AttemptId].LeaseUntil);
        Assert.InRange(leases[accepted.AttemptId].LeaseUntil!.Value - now, TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1));
        Assert.InRange(leases[patient.AttemptId].AcceptBy - now, TimeSpan.FromMinutes(30), TimeSpan.FromHours(1));
    }

    /// <summary>Frames over which two render processes have died.</summary>
    private async Task QuarantineAsync(Coordinator.Jobs.Job job, long first, int count)
    {
        if (first > 0)
        {
            // A span gives frames off its head only.
            var before = await OfferAsync(job, 0, (int)first);
            await DieAsync(await OfferAsync(job, first, count));
            await _ledger.EndAsync([LedgerData.Ended(before, Ada, null)], Cancelled);
        }
        else
        {
            await DieAsync(await OfferAsync(job, first, count));
        }

        for (var index = first; index < first + count; index++)
        {
            await DieAsync(await OfferAsync(job, index, 1));
        }

        Task DieAsync(LeaseOffered offer) => _ledger.EndAsync([LedgerData.Ended(offer, Ada, ErrorClass.Crash, "signal 11")], Cancelled);
    }
}
