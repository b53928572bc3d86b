using System.Net;
using System.Net.Http.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class HoldApiContract(ApiFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_paused_job_commits_nothing_more_and_goes_on_where_it_was()
    {
        var job = await farm.SubmitAsync(Named("hold") with { Count = 4 });
        var offer = await farm.LeaseAsync(job.Id, 3);
        await farm.CommitAsync(offer, 0);

        var paused = await PostAsync<JobView>(job.Id, "pause");
        var again = await PostAsync<JobView>(job.Id, "pause");
        var late = await farm.Ledger.CommitAsync([new FramesRendered(ApiFarm.Worker, 1, job.Id, offer.AttemptId, offer.Fence, [Rendered(offer, 1)])], Token);
        var resumed = await PostAsync<JobView>(job.Id, "resume");
        var resumedAgain = await PostAsync<JobView>(job.Id, "resume");

        Assert.Equal((JobState.Paused, 1L, 0L, null), (paused.State, paused.Rendered, paused.Rendering, paused.EtaSeconds));
        Assert.Equal((JobState.Paused, paused.Version), (again.State, again.Version));
        Assert.Equal([1L], Assert.Single(late.Answers).Refused);
        Assert.Equal((JobState.Running, JobState.Running), (resumed.State, resumedAgain.State));
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 3), 1, 2, 3);
        Assert.Equal(JobState.Completed, (await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}")).State);
        Assert.Empty(await farm.Ledger.AuditAsync(job.Id, Token));
    }

    [Fact]
    public async Task A_paused_job_can_be_cancelled()
    {
        var job = await farm.SubmitAsync(Named("hold and end"));
        await PostAsync<JobView>(job.Id, "pause");

        Assert.Equal(JobState.Cancelled, (await PostAsync<JobView>(job.Id, "cancel")).State);
        Assert.Empty(await farm.Ledger.AuditAsync(job.Id, Token));
    }

    [Theory]
    [InlineData("pause", "only a job that is queued or running can be paused.")]
    [InlineData("resume", "only a job that is paused can be resumed.")]
    public async Task A_job_that_has_ended_is_neither_paused_nor_resumed(string change, string why)
    {
        var job = await farm.SubmitAsync(Named("over"));
        await PostAsync<JobView>(job.Id, "cancel");

        using var response = await farm.PostAsync($"/v1/jobs/{job.Id}/{change}", "");

        Assert.Equal($"Job {job.Id} is Cancelled already; {why}", await ProblemAnswer.DetailAsync(response, HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task Quarantined_frames_show_what_the_render_processes_left_behind()
    {
        var job = await farm.SubmitAsync(Named("poison") with { Count = 2 });
        await farm.DieAsync(await farm.LeaseAsync(job.Id, 2), "Segmentation fault in Conv_17");
        await farm.DieAsync(await farm.LeaseAsync(job.Id, 1), "Segmentation fault in Conv_18");
        await farm.DieAsync(await farm.LeaseAsync(job.Id, 1), "Segmentation fault in Conv_19");

        var view = await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}");
        var first = await farm.GetAsync<QuarantineView>($"/v1/jobs/{job.Id}/quarantine?limit=1");
        var second = await farm.GetAsync<QuarantineView>($"/v1/jobs/{job.Id}/quarantine?limit=1&cursor={first.Cursor}");

        Assert.Equal((JobState.Running, 2L), (view.State, view.Quarantined));
        Assert.Equal((0L, "a pizza"), (first.Items.Single().Index, first.Items.Single().Prompt));
        Assert.Equal(["Segmentation fault in Conv_18", "Segmentation fault in Conv_17"], first.Deaths.Select(death => death.Evidence));
        Assert.Equal(["Segmentation fault in Conv_19", "Segmentation fault in Conv_17"], second.Deaths.Select(death => death.Evidence));
        Assert.All(first.Deaths, death => Assert.Equal((ApiFarm.Worker, AttemptOutcome.Crashed, "The render process died: signal 11."), (death.Worker, death.Outcome, death.Message)));
        Assert.Equal(first.Items.Single().Deaths, first.Deaths.Select(death => death.AttemptId));
        Assert.Equal(TimeSpan.FromMinutes(10), first.Items.Single().Until - first.Items.Single().Since);
        Assert.Equal((1L, null), (second.Items.Single().Index, second.Cursor));
        Assert.Equal(2, (await farm.GetAsync<Page<FrameView>>($"/v1/jobs/{job.Id}/frames?state=quarantined")).Items.Count);
    }

    [Fact]
    public async Task A_job_whose_last_frames_are_in_quarantine_says_no_time_at_which_it_will_be_done()
    {
        var job = await farm.SubmitAsync(Named("poison") with { Count = 2 });
        await farm.DieAsync(await farm.LeaseAsync(job.Id, 2), "");
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 1), 0);
        var before = await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}");
        await farm.DieAsync(await farm.LeaseAsync(job.Id, 1), "");
        var after = await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}");

        Assert.Equal((0L, 1L), (before.Quarantined, after.Quarantined));
        Assert.NotNull(before.EtaSeconds);
        Assert.Null(after.EtaSeconds);
    }

    [Fact]
    public async Task Quarantined_frames_are_tried_again_or_given_up_as_somebody_decides()
    {
        var job = await QuarantinedAsync(frames: 3);

        var requeued = await PostAsync<QuarantineAnswer>(job, "quarantine/requeue", """{"frames":[0]}""");
        var again = await PostAsync<QuarantineAnswer>(job, "quarantine/requeue", """{"frames":[0]}""");
        await farm.CommitAsync(await farm.LeaseAsync(job, 1), 0);
        var dropped = await PostAsync<QuarantineAnswer>(job, "quarantine/drop", """{"all":true}""");
        var none = await PostAsync<QuarantineAnswer>(job, "quarantine/drop", """{"all":true}""");

        Assert.Equal((1, 2L, 0), (requeued.Frames, requeued.Job.Quarantined, again.Frames));
        Assert.Equal((2, 0L, 2L, JobState.Completed), (dropped.Frames, dropped.Job.Quarantined, dropped.Job.Failed, dropped.Job.State));
        Assert.Equal((0, JobState.Completed), (none.Frames, none.Job.State));
        Assert.Empty((await farm.GetAsync<QuarantineView>($"/v1/jobs/{job}/quarantine")).Items);
        Assert.Empty(await farm.Ledger.AuditAsync(job, Token));
    }

    [Theory]
    [InlineData("{}", "frames", "Required: name frames, or say 'all': true.")]
    [InlineData("""{"frames":[0],"all":true}""", "all", "Give either 'frames' or 'all', not both.")]
    [InlineData("""{"frames":[]}""", "frames", "Must be from 1 to 10000; got 0.")]
    [InlineData("""{"frames":[0,7]}""", "frames[1]", "Must be from 0 to 1; got 7.")]
    [InlineData("""{"frames":["0"]}""", "frames[0]", "Must be a whole number; got \"0\".")]
    [InlineData("""{"frame":[0]}""", "frame", "Unknown field 'frame'; allowed: frames, all.")]
    public async Task A_decision_with_a_mistake_is_refused_by_field(string body, string field, string message)
    {
        var job = await farm.SubmitAsync(Named("mistake") with { Count = 2 });
        foreach (var how in (string[])["requeue", "drop"])
        {
            using var response = await farm.PostAsync($"/v1/jobs/{job.Id}/quarantine/{how}", body);

            Assert.Equal(message, (await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest)).GetProperty(field)[0].GetString());
        }
    }

    [Theory]
    [InlineData("GET", "quarantine")]
    [InlineData("POST", "pause")]
    [InlineData("POST", "resume")]
    [InlineData("POST", "quarantine/requeue")]
    [InlineData("POST", "quarantine/drop")]
    public async Task A_job_that_is_not_there_is_named(string method, string path)
    {
        var id = Guid.Parse("01930000-0000-7000-8000-000000000000");
        using var response = method == "GET" ? await farm.Http.GetAsync($"/v1/jobs/{id}/{path}", Token) : await farm.PostAsync($"/v1/jobs/{id}/{path}", """{"all":true}""");

        Assert.Equal($"There is no job {id}.", await ProblemAnswer.DetailAsync(response, HttpStatusCode.NotFound));
    }

    [Fact]
    public async Task A_job_tells_how_long_it_is_kept()
    {
        var job = await farm.SubmitAsync(Named("kept") with { RetainFor = TimeSpan.FromDays(7) });

        Assert.Equal(TimeSpan.FromDays(7), (await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}")).RetainFor);
        using var response = await farm.Http.GetAsync($"/v1/jobs/{job.Id}", Token);
        Assert.Contains("\"retainFor\":\"7.00:00:00\"", await response.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"00:00:30\"", "Must be from 00:01:00 to 3653.00:00:00; got 00:00:30.")]
    [InlineData("\"4000.00:00:00\"", "Must be from 00:01:00 to 3653.00:00:00; got 4000.00:00:00.")]
    [InlineData("\"a week\"", "Must be a time such as \"7.00:00:00\" (days.hours:minutes:seconds); got \"a week\".")]
    [InlineData("7", "Must be a time such as \"7.00:00:00\" (days.hours:minutes:seconds); got 7.")]
    public async Task A_time_to_be_kept_that_cannot_be_is_refused(string time, string message)
    {
        using var response = await farm.PostAsync("/v1/jobs", $$"""{"settings":{"prompt":"a pizza"},"retainFor":{{time}}}""");

        Assert.Equal(message, (await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest)).GetProperty("retainFor")[0].GetString());
    }

    private async Task<Guid> QuarantinedAsync(int frames)
    {
        var job = await farm.SubmitAsync(Named("poison") with { Count = frames });
        await farm.DieAsync(await farm.LeaseAsync(job.Id, frames), "");
        for (var frame = 0; frame < frames; frame++)
        {
            await farm.DieAsync(await farm.LeaseAsync(job.Id, 1), "");
        }

        return job.Id;
    }

    private async Task<T> PostAsync<T>(Guid job, string path, string body = "")
    {
        using var response = await farm.PostAsync($"/v1/jobs/{job}/{path}", body);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<T>(FarmJson.Options, Token))!;
    }

    private static RenderedFrame Rendered(LeaseOffered offer, long index) =>
        new(index, 1, ArtifactKeys.For(offer.Tenant, offer.JobId, index, offer.AttemptId, "png"), new string('a', 64), 1, 128, 128, 1);

    private static JobRequest Named(string name) => new() { Name = name, Settings = new RenderSettings { Prompt = "a pizza" } };
}

public sealed class SqliteHoldApiTests(ApiFarm farm) : HoldApiContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresHoldApiTests(PostgresApiFarm farm) : HoldApiContract(farm), IClassFixture<PostgresApiFarm>;
