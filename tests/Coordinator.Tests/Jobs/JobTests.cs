using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Tests.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Jobs;

public sealed class JobTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    /// <summary>Every state with every event: the state that follows, or null where the job refuses.</summary>
    public static TheoryData<JobState, string, JobState?> Transitions => new()
    {
        { JobState.Queued, "lease", JobState.Running },
        { JobState.Queued, "render", null },
        { JobState.Queued, "render the last", null },
        { JobState.Queued, "give up", null },
        { JobState.Queued, "give up the last", null },
        { JobState.Queued, "quarantine", null },
        { JobState.Queued, "requeue", null },
        { JobState.Queued, "drop", null },
        { JobState.Queued, "drop the last", null },
        { JobState.Queued, "pause", JobState.Paused },
        { JobState.Queued, "resume", null },
        { JobState.Queued, "cancel", JobState.Cancelled },
        { JobState.Running, "lease", JobState.Running },
        { JobState.Running, "render", JobState.Running },
        { JobState.Running, "render the last", JobState.Completed },
        { JobState.Running, "give up", JobState.Running },
        { JobState.Running, "give up the last", JobState.Failed },
        { JobState.Running, "quarantine", JobState.Running },
        { JobState.Running, "requeue", JobState.Running },
        { JobState.Running, "drop", JobState.Running },
        { JobState.Running, "drop the last", JobState.Failed },
        { JobState.Running, "pause", JobState.Paused },
        { JobState.Running, "resume", null },
        { JobState.Running, "cancel", JobState.Cancelled },
        { JobState.Paused, "lease", null },
        { JobState.Paused, "render", null },
        { JobState.Paused, "render the last", null },
        { JobState.Paused, "give up", null },
        { JobState.Paused, "give up the last", null },
        { JobState.Paused, "quarantine", null },
        { JobState.Paused, "requeue", JobState.Paused },
        { JobState.Paused, "drop", JobState.Paused },
        { JobState.Paused, "drop the last", JobState.Failed },
        { JobState.Paused, "pause", null },
        { JobState.Paused, "resume", JobState.Running },
        { JobState.Paused, "cancel", JobState.Cancelled },
        { JobState.Completed, "lease", null },
        { JobState.Completed, "render", null },
        { JobState.Completed, "render the last", null },
        { JobState.Completed, "give up", null },
        { JobState.Completed, "give up the last", null },
        { JobState.Completed, "quarantine", null },
        { JobState.Completed, "requeue", null },
        { JobState.Completed, "drop", null },
        { JobState.Completed, "drop the last", null },
        { JobState.Completed, "pause", null },
        { JobState.Completed, "resume", null },
        { JobState.Completed, "cancel", null },
        { JobState.Failed, "lease", null },
        { JobState.Failed, "render", null },
        { JobState.Failed, "render the last", null },
        { JobState.Failed, "give up", null },
        { JobState.Failed, "give up the last", null },
        { JobState.Failed, "quarantine", null },
        { JobState.Failed, "requeue", null },
        { JobState.Failed, "drop", null },
        { JobState.Failed, "drop the last", null },
        { JobState.Failed, "pause", null },
        { JobState.Failed, "resume", null },
        { JobState.Failed, "cancel", null },
        { JobState.Cancelled, "lease", null },
        { JobState.Cancelled, "render", null },
        { JobState.Cancelled, "render the last", null },
        { JobState.Cancelled, "give up", null },
        { JobState.Cancelled, "give up the last", null },
        { JobState.Cancelled, "quarantine", null },
        { JobState.Cancelled, "requeue", null },
        { JobState.Cancelled, "drop", null },
        { JobState.Cancelled, "drop the last", null },
        { JobState.Cancelled, "pause", null },
        { JobState.Cancelled, "resume", null },
        { JobState.Cancelled, "cancel", null },
    };

    [Theory]
    [MemberData(nameof(Transitions))]
    public void Each_event_leads_where_the_table_says(JobState from, string change, JobState? to)
    {
        var job = In(from, quarantined: change switch { "requeue" or "drop" => 1, "drop the last" => 10, _ => 0 });
        if (to is { } expected)
        {
            Apply(job, change);
            Assert.Equal(expected, job.State);
            Assert.Equal(job.IsTerminal, job.FinishedAt is not null);
            Assert.Equal(job.IsTerminal, job.Unsettled == 0);
        }
        else
        {
            var refusal = Assert.Throws<InvalidOperationException>(() => Apply(job, change));
            Assert.Contains($"is {from}; only a job that is ", refusal.Message, StringComparison.Ordinal);
            Assert.Equal(from, job.State);
        }
    }

    [Fact]
    public void Refusal_names_the_states_that_would_do()
    {
        var job = In(JobState.Completed);
        var refusal = Assert.Throws<InvalidOperationException>(() => job.Cancel(Now));
        Assert.Equal($"Job {job.Id} is Completed; only a job that is Queued or Running or Paused can be cancelled.", refusal.Message);
    }

    [Fact]
    public void Job_with_one_rendered_frame_completes_even_if_the_others_failed()
    {
        var job = In(JobState.Running);
        job.GiveUp(9, "bad", Now);
        job.Render(1, 10, Now);
        Assert.Equal((JobState.Completed, "bad"), (job.State, job.Error));
    }

    [Fact]
    public void Quarantined_frames_keep_a_job_open_and_have_failed_when_it_is_cancelled()
    {
        var job = In(JobState.Running, quarantined: 3);
        job.Render(7, 10, Now);
        Assert.Equal((JobState.Running, 3L), (job.State, job.Unsettled));

        job.Cancel(Now);
        Assert.Equal((0L, 3L, 0L), (job.Quarantined, job.Failed, job.Cancelled));
    }

    [Fact]
    public void Job_that_was_paused_before_its_first_lease_is_queued_again()
    {
        var job = In(JobState.Queued);
        job.Pause();
        job.Resume();
        Assert.Equal(JobState.Queued, job.State);
    }

    [Fact]
    public void Fences_only_grow()
    {
        var job = In(JobState.Queued);
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(_ => job.Lease(Now)));
    }

    private static void Apply(Job job, string change)
    {
        switch (change)
        {
            case "lease":
                job.Lease(Now);
                break;
            case "render":
                job.Render(1, 10, Now);
                break;
            case "render the last":
                job.Render((int)Math.Max(1, job.Unsettled), 10, Now);
                break;
            case "give up":
                job.GiveUp(1, "bad", Now);
                break;
            case "give up the last":
                job.GiveUp((int)Math.Max(1, job.Unsettled), "bad", Now);
                break;
            case "quarantine":
                job.Quarantine(1, "signal 11");
                break;
            case "requeue":
                job.Requeue(1);
                break;
            case "drop":
                job.Drop(1, Now);
                break;
            case "drop the last":
                job.Drop((int)Math.Max(1, job.Unsettled), Now);
                break;
            case "pause":
                job.Pause();
                break;
            case "resume":
                job.Resume();
                break;
            case "cancel":
                job.Cancel(Now);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(change), change, "No such event.");
        }
    }

    private static Job In(JobState state, int quarantined = 0)
    {
        var job = LedgerData.Job(10);
        job.Submit(Now);
        if (state != JobState.Queued)
        {
            job.Lease(Now);
        }

        if (quarantined > 0 && state is JobState.Running or JobState.Paused)
        {
            job.Quarantine(quarantined, "signal 11");
        }

        switch (state)
        {
            case JobState.Paused:
                job.Pause();
                break;
            case JobState.Completed:
                job.Render(10, 100, Now);
                break;
            case JobState.Failed:
                job.GiveUp(10, "bad", Now);
                break;
            case JobState.Cancelled:
                job.Cancel(Now);
                break;
        }

        Assert.Equal(state, job.State);
        return job;
    }
}
