using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Fact]
    public async Task Paces_are_those_of_the_jobs_that_ended_with_a_picture()
    {
        var (ended, cancelled, running) = (await SubmitAsync(2), await SubmitAsync(1), await SubmitAsync(2));
        await CommitAsync(await OfferAsync(ended, 0, 2), 0, 1);
        await _ledger.CancelAsync(cancelled.Id, Cancelled);
        await CommitAsync(await OfferAsync(running, 0, 2), 0);

        var (digest, pace) = Assert.Single(await _ledger.PacesAsync(10, Cancelled));

        Assert.Equal("digest", digest);
        Assert.Equal(250 / (20.0 * 64 * 64), pace, 1e-12);
    }

    [Fact]
    public async Task Committing_every_frame_ends_the_lease_and_completes_the_job()
    {
        var job = await SubmitAsync(5);
        var offer = await OfferAsync(job, 0, 5);

        Assert.Equal([0, 1], (await CommitAsync(offer, 0, 1)).Committed);
        var halfway = await LoadAsync(job);
        Assert.Equal((JobState.Running, 2L, 500L, 3L), (halfway.State, halfway.Rendered, halfway.RenderMilliseconds, halfway.Version));
        Assert.Equal([2, 3, 4], (await CommitAsync(offer, 2, 3, 4)).Committed);

        var done = await LoadAsync(job);
        Assert.Equal((JobState.Completed, 5L, 0L, 4L), (done.State, done.Rendered, done.Unsettled, done.Version));
        Assert.NotNull(done.FinishedAt);
        var attempt = await AttemptAsync(offer);
        Assert.Equal((AttemptOutcome.Succeeded, 5, Ada), (attempt.Outcome, attempt.Rendered, attempt.Worker));
        var frames = await FramesAsync(job);
        Assert.Equal([3, 3, 4, 4, 4], frames.Select(frame => frame.Version));
        Assert.Equal(LedgerData.Frame(offer, 3).ArtifactKey, frames[3].ArtifactKey);
        Assert.Equal((1003L, 4096L, 64, 250), (frames[3].Seed, frames[3].Bytes, frames[3].Width, frames[3].RenderMilliseconds));
        Assert.Empty(await _ledger.WaitingAsync(10, Cancelled));
    }

    [Fact]
    public async Task Redelivered_commit_is_answered_alike_and_changes_nothing()
    {
        var job = await SubmitAsync(4);
        var offer = await OfferAsync(job, 0, 4);
        await CommitAsync(offer, 0, 1);
        var report = LedgerData.Rendered(offer, Ada, 0, 1, 2, 3);

        var first = await _ledger.CommitAsync([report, report], Cancelled);
        var version = (await LoadAsync(job)).Version;
        var again = await _ledger.CommitAsync([report], Cancelled);

        Assert.All([.. first.Answers, .. again.Answers], answer => Assert.Equal("committed 0 1 2 3, refused ", Words(answer)));
        Assert.Equal(2, Assert.Single(first.Jobs).Rendered);
        Assert.Empty(again.Jobs);
        Assert.Equal(version, (await LoadAsync(job)).Version);
    }

    [Fact]
    public async Task One_call_commits_frames_of_many_leases_and_jobs()
    {
        var (one, two) = (await SubmitAsync(4), await SubmitAsync(2));
        var offers = new[] { await OfferAsync(one, 0, 2), await OfferAsync(one, 2, 2, Bob), await OfferAsync(two, 0, 2, Bob) };

        var result = await _ledger.CommitAsync([.. offers.Select(offer => LedgerData.Rendered(offer, Ada, offer.Frames.Select(frame => frame.Index)))], Cancelled);

        Assert.Equal(offers.Select(offer => offer.AttemptId), result.Answers.Select(answer => answer.AttemptId));
        Assert.Equal([(one.Id, JobState.Completed, 4), (two.Id, JobState.Completed, 2)], result.Jobs.OrderByDescending(change => change.Rendered).Select(change => (change.JobId, change.State, change.Rendered)));
    }

    [Fact]
    public async Task Frames_outside_the_lease_a_stale_fence_and_an_unknown_attempt_are_refused()
    {
        var job = await SubmitAsync(8);
        var offer = await OfferAsync(job, 0, 4);
        var report = LedgerData.Rendered(offer, Ada, 0);

        Assert.Equal([4, 100, -1], (await CommitAsync(offer, 4, 100, -1)).Refused);
        Assert.Equal([0], Assert.Single((await _ledger.CommitAsync([report with { Fence = offer.Fence + 1 }], Cancelled)).Answers).Refused);
        Assert.Equal([0], Assert.Single((await _ledger.CommitAsync([report with { AttemptId = Guid.NewGuid() }], Cancelled)).Answers).Refused);
        Assert.Equal([0], Assert.Single((await _ledger.CommitAsync([report with { JobId = Guid.NewGuid() }], Cancelled)).Answers).Refused);
        Assert.Equal(0, (await LoadAsync(job)).Rendered);
    }

    [Fact]
    public async Task Frame_that_names_another_object_or_makes_no_sense_is_refused_and_the_others_commit()
    {
        var job = await SubmitAsync(2);
        var offer = await OfferAsync(job, 0, 2);
        var sound = LedgerData.Frame(offer, 0);
        RenderedFrame[] unsound =
        [
            sound with { ArtifactKey = sound.ArtifactKey.Replace("default/", "other/", StringComparison.Ordinal) },
            sound with { ArtifactKey = null! },
            sound with { Sha256 = "zz" },
            sound with { Sha256 = null! },
            sound with { Bytes = 0 },
            sound with { Width = -1 },
            sound with { RenderMilliseconds = -1 },
        ];
        var report = LedgerData.Rendered(offer, Ada, 1);

        var answers = (await _ledger.CommitAsync([.. unsound.Select(frame => report with { Frames = [frame] }), report], Cancelled)).Answers;

        Assert.All(answers.SkipLast(1), answer => Assert.Equal("committed , refused 0", Words(answer)));
        Assert.Equal("committed 1, refused ", Words(answers[^1]));
    }

    [Fact]
    public async Task Overdue_lease_still_commits_and_lives_again()
    {
        var job = await SubmitAsync(3);
        var offer = await OfferAsync(_hasty, job, 0, 3);

        Assert.Equal([0], (await CommitAsync(offer, 0)).Committed);

        Assert.Empty((await _ledger.ExpireAsync(Cancelled)).Leases);
        Assert.Equal([1, 2], (await CommitAsync(offer, 1, 2)).Committed);
    }

    [Fact]
    public async Task Returned_frames_still_commit_while_nobody_else_was_given_them()
    {
        var job = await SubmitAsync(10);
        var late = await OfferAsync(_hasty, job, 0, 4);
        await _ledger.ExpireAsync(Cancelled);
        Assert.Equal("0+10 0/0", await SpansAsync(job));
        var other = await OfferAsync(job, 0, 2, Bob);

        var answer = await CommitAsync(late, 0, 1, 3);

        Assert.Equal("committed 3, refused 0 1", Words(answer));
        Assert.Equal("2+1 0/0, 4+6 0/0", await SpansAsync(job));
        Assert.Equal((AttemptOutcome.Expired, 1), ((await AttemptAsync(late)).Outcome, (await AttemptAsync(late)).Rendered));
        Assert.Equal([0, 1], (await CommitAsync(other, 0, 1)).Committed);
        Assert.Equal([3], (await CommitAsync(late, 3)).Committed);
        Assert.Equal([0], (await CommitAsync(late, 0)).Refused);
    }

    [Fact]
    public async Task Refused_frame_stays_refused_when_its_holder_gives_it_back_because_its_object_is_deleted()
    {
        var job = await SubmitAsync(3);
        var late = await OfferAsync(_hasty, job, 0, 3);
        await _ledger.ExpireAsync(Cancelled);
        var other = await OfferAsync(job, 0, 2, Bob);
        Assert.Equal("committed 2, refused 0", Words(await CommitAsync(late, 0, 2)));
        await _ledger.EndAsync([LedgerData.Ended(other, Bob, null)], Cancelled);
        var version = (await LoadAsync(job)).Version;

        Assert.Equal("committed 2, refused 0", Words(await CommitAsync(late, 0, 2)));
        Assert.Equal(version, (await LoadAsync(job)).Version);
        Assert.Equal("committed 1, refused ", Words(await CommitAsync(late, 1)));
        Assert.Equal("0", (await AttemptAsync(late)).Refused);
    }

    [Fact]
    public async Task Late_commit_of_the_last_frames_completes_the_job()
    {
        var job = await SubmitAsync(2);
        var late = await OfferAsync(_hasty, job, 0, 2);
        await _ledger.ExpireAsync(Cancelled);

        await CommitAsync(late, 0, 1);

        Assert.Equal(JobState.Completed, (await LoadAsync(job)).State);
        Assert.Equal("", await SpansAsync(job));
    }

    [Fact]
    public async Task Commits_count_for_the_worker_of_that_epoch()
    {
        await database.ExecuteAsync("DELETE FROM workers");
        await database.QueryAsync(async db =>
        {
            db.Add(Worker(Ada, epoch: 1));
            db.Add(Worker(Bob, epoch: 2));
            return await db.SaveChangesAsync(Cancelled);
        });
        var job = await SubmitAsync(4);
        await CommitAsync(await OfferAsync(job, 0, 3), 0, 1);
        await CommitAsync(await OfferAsync(job, 3, 1, Bob), 3);

        var rendered = await database.QueryAsync(db => db.Workers.OrderBy(worker => worker.Name).Select(worker => worker.Rendered).ToListAsync(Cancelled));
        Assert.Equal([2, 0], rendered);
    }

    private static FarmWorker Worker(string name, long epoch) => new()
    {
        Name = name,
        Epoch = epoch,
        State = WorkerState.Ready,
        Version = "1",
        Device = "cpu",
        Slots = 1,
        Window = 2,
        BatchSize = 4,
        MemoryBytes = 1 << 30,
        Models = [],
        JoinedAt = DateTimeOffset.UnixEpoch,
        LastSeenAt = DateTimeOffset.UnixEpoch,
    };
}
