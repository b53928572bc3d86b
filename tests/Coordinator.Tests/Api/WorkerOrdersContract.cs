using System.Net;
using System.Net.Http.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class WorkerOrdersContract(ApiFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_is_drained_with_a_reason_and_resumed()
    {
        var drained = await OrderAsync("one/drain", """{"reason":"new cooler"}""");
        Assert.Equal((WorkerState.Draining, "new cooler"), (drained.State, drained.DrainReason));
        Assert.Equal("new cooler", Assert.Single(await farm.GetAsync<IReadOnlyList<WorkerView>>("/v1/workers")).DrainReason);

        using var empty = await farm.Http.PostAsync("/v1/workers/one/drain", null, Token);
        Assert.Equal("By an operator.", (await empty.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<WorkerView>(FarmJson.Options, Token))!.DrainReason);

        using var resume = await farm.Http.PostAsync("/v1/workers/one/resume", null, Token);
        Assert.Null((await resume.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<WorkerView>(FarmJson.Options, Token))!.DrainReason);
    }

    [Fact]
    public async Task A_worker_is_blocked_for_a_model_and_a_job_and_a_waiting_job_says_so()
    {
        var job = await farm.SubmitAsync(new JobRequest { Settings = new() { Prompt = "a pizza" } });

        await OrderAsync("one/block", """{"model":"emoji","reason":"grey pictures"}""");
        var blocked = await OrderAsync("one/block", $$"""{"job":"{{job.Id}}"}""");
        var waiting = await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}");
        await OrderAsync("one/unblock", """{"model":"emoji"}""");
        var free = await OrderAsync("one/unblock", $$"""{"job":"{{job.Id}}"}""");

        Assert.Equal([("emoji", null, "grey pictures", null), (null, job.Id, "By an operator.", null)], blocked.Blocks.Select(block => (block.Model, block.Job, block.Reason, block.Until)));
        Assert.StartsWith("No worker may render it: one ", waiting.WaitReason, StringComparison.Ordinal);
        Assert.Contains("is blocked for this job", waiting.WaitReason, StringComparison.Ordinal);
        Assert.Empty(free.Blocks);
    }

    [Theory]
    [InlineData("two/drain", "{}", 404, null, "There is no worker 'two'.")]
    [InlineData("two/block", """{"model":"emoji"}""", 404, null, "There is no worker 'two'.")]
    [InlineData("two/unblock", """{"model":"emoji"}""", 404, null, "There is no worker 'two'.")]
    [InlineData("one/drain", """{"why":"x"}""", 400, "why", "Unknown field 'why'; allowed: reason.")]
    [InlineData("one/drain", """{"reason":"Strikes: many"}""", 400, "reason", "Must not start with 'Strikes: ', as the reasons of the farm itself do.")]
    [InlineData("one/block", "{}", 400, "model", "Give either 'model' or 'job'.")]
    [InlineData("one/block", """{"model":"emoji","job":"0199a3c2-7f41-7000-8000-000000000001"}""", 400, "model", "Give either 'model' or 'job'.")]
    [InlineData("one/block", """{"model":"photo"}""", 400, "model", "There is no model 'photo'.")]
    [InlineData("one/block", """{"job":"7"}""", 400, "job", "Must be the id of a job; got '7'.")]
    [InlineData("one/block", """{"job":"0199a3c2-7f41-7000-8000-000000000001"}""", 400, "job", "There is no job '0199a3c2-7f41-7000-8000-000000000001'.")]
    public async Task An_order_that_cannot_be_followed_says_why(string path, string body, int status, string? field, string message)
    {
        using var response = await farm.PostAsync($"/v1/workers/{path}", body);
        Assert.Equal(message, field is null
            ? await ProblemAnswer.DetailAsync(response, (HttpStatusCode)status)
            : (await ProblemAnswer.ErrorsAsync(response, (HttpStatusCode)status)).GetProperty(field)[0].GetString());
    }

    [Fact]
    public async Task A_reason_may_have_500_characters()
    {
        using var response = await farm.PostAsync("/v1/workers/one/drain", $$"""{"reason":"{{new string('x', 501)}}"}""");

        Assert.Equal("Must have up to 500 characters; got 501.", (await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest)).GetProperty("reason")[0].GetString());
    }

    private async Task<WorkerView> OrderAsync(string path, string body)
    {
        using var response = await farm.PostAsync($"/v1/workers/{path}", body);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<WorkerView>(FarmJson.Options, Token))!;
    }
}

public sealed class SqliteWorkerOrdersTests(ApiFarm farm) : WorkerOrdersContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresWorkerOrdersTests(PostgresApiFarm farm) : WorkerOrdersContract(farm), IClassFixture<PostgresApiFarm>;
