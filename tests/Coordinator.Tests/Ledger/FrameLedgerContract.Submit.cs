using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Fact]
    public async Task A_million_frames_are_one_span()
    {
        var job = await SubmitAsync(1_000_000);

        Assert.Equal("0+1000000 0/0", await SpansAsync(job));
        var stored = await LoadAsync(job);
        Assert.Equal(JobState.Queued, stored.State);
        Assert.Equal(1_000_000, stored.Unsettled);
        Assert.Equal(1, stored.Version);
        Assert.InRange(stored.CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal("tests", stored.Labels["for"]);
        Assert.Equal(64, stored.Settings.Width);
    }

    [Fact]
    public async Task Same_key_with_the_same_request_returns_the_first_job()
    {
        var key = Guid.NewGuid().ToString();
        var first = await _ledger.SubmitAsync(LedgerData.Job(3, key: key, hash: "one"), null, Cancelled);
        var again = await _ledger.SubmitAsync(LedgerData.Job(3, key: key, hash: "one"), null, Cancelled);
        var other = await _ledger.SubmitAsync(LedgerData.Job(4, key: key, hash: "two"), null, Cancelled);

        Assert.Equal((SubmitOutcome.Created, SubmitOutcome.Existing, SubmitOutcome.Conflict), (first.Outcome, again.Outcome, other.Outcome));
        Assert.Equal(first.Job.Id, again.Job.Id);
        Assert.Equal(first.Job.Id, other.Job.Id);
    }

    [Fact]
    public async Task Submits_that_race_with_one_key_make_one_job()
    {
        var key = Guid.NewGuid().ToString();
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => _ledger.SubmitAsync(LedgerData.Job(3, key: key, hash: "one"), null, Cancelled))));

        Assert.Single(results, result => result.Outcome == SubmitOutcome.Created);
        Assert.Equal(7, results.Count(result => result.Outcome == SubmitOutcome.Existing));
        Assert.Single(results.Select(result => result.Job.Id).Distinct());
    }

    [Fact]
    public async Task Job_that_contradicts_its_prompts_is_refused_by_name()
    {
        var both = await Assert.ThrowsAsync<ArgumentException>(() => _ledger.SubmitAsync(LedgerData.Job(1), ["a dog"], Cancelled));
        var tooFew = await Assert.ThrowsAsync<ArgumentException>(() => _ledger.SubmitAsync(LedgerData.Job(1, prompt: null, prompts: 2), ["a dog"], Cancelled));

        Assert.Contains("prompt in its settings and 1 prompts", both.Message, StringComparison.Ordinal);
        Assert.Contains("PromptCount 2", tooFew.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompts_of_a_range_come_from_the_pages_that_hold_them()
    {
        var prompts = Enumerable.Range(0, 1203).Select(number => $"prompt {number}").ToList();
        var job = (await _ledger.SubmitAsync(LedgerData.Job(3, prompt: null, prompts: prompts.Count), prompts, Cancelled)).Job;

        var other = (await _ledger.SubmitAsync(LedgerData.Job(1, prompt: null, prompts: 2), ["left", "right"], Cancelled)).Job;
        PromptRange[] ranges = [new(job, (499 * 3) + 2, 4), new(other, 1, 1), new(await SubmitAsync(3), 0, 3), new(job, job.FrameCount - 1, 1), new(job, 499 * 3, 1504)];

        var read = await database.QueryAsync(db => JobPrompts.ReadAsync(db, ranges, Cancelled));

        Assert.Equal(["prompt 499", "prompt 500"], read[0]);
        Assert.Equal(["right"], read[1]);
        Assert.Equal(["a red apple"], read[2]);
        Assert.Equal(["prompt 1202"], read[3]);
        Assert.Equal(prompts[499..1001], read[4]);
        await database.QueryAsync(db => Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => JobPrompts.ReadAsync(db, [new(job, job.FrameCount - 1, 2)], Cancelled)));
    }

    [Fact]
    public async Task Queue_goes_by_class_then_priority_then_age()
    {
        var batch = await SubmitAsync(LedgerData.Job(1, jobClass: JobClass.Batch, priority: 100));
        var old = await SubmitAsync(LedgerData.Job(1));
        var young = await SubmitAsync(LedgerData.Job(1));
        // Two submits may share a millisecond.
        await database.ExecuteAsync(database.Moments($"UPDATE spans SET submitted_at = {{submitted_at - 1}} WHERE job_id = '{old.Id.ToString().ToUpperInvariant()}'"));
        var urgent = await SubmitAsync(LedgerData.Job(1, priority: 5));
        var screen = await SubmitAsync(LedgerData.Job(1, jobClass: JobClass.Interactive, priority: -100));

        var waiting = await _ledger.WaitingAsync(10, Cancelled);

        Assert.Equal([screen.Id, urgent.Id, old.Id, young.Id, batch.Id], waiting.Select(span => span.JobId));
        Assert.Equal(2, (await _ledger.WaitingAsync(2, Cancelled)).Count);
        var head = waiting[0];
        Assert.Equal(("default", JobClass.Interactive, -100, "emoji", "digest", 0L, 1L, null), (head.Tenant, head.Class, head.Priority, head.Model, head.ModelDigest, head.First, head.Count, head.MeanRenderMilliseconds));
    }

    private async Task<Job> SubmitAsync(Job job) => (await _ledger.SubmitAsync(job, null, Cancelled)).Job;
}
