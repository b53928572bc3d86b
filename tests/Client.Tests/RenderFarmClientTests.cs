using System.Net;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using static RenderFarm.Client.Tests.Samples;

namespace RenderFarm.Client.Tests;

public sealed class RenderFarmClientTests
{
    private static readonly JobRequest Request = new() { Settings = new RenderSettings { Prompt = "a pizza" } };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_submit_that_meets_a_farm_away_is_sent_again_with_the_same_key()
    {
        await using var farm = await ScriptedFarm.StartAsync(ScriptedFarm.Away(), context => { context.Abort(); return Task.CompletedTask; }, ScriptedFarm.Json(Json(Job()), 202));

        var job = await farm.Client.SubmitAsync(Request, cancellationToken: Token);

        Assert.Equal(JobId, job.Id);
        Assert.Equal(3, farm.Requests.Count);
        Assert.Single(farm.Requests.Select(request => request.Headers["Idempotency-Key"]).Distinct());
        Assert.All(farm.Requests, request => Assert.Contains("\"prompt\":\"a pizza\"", request.Body, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_given_idempotency_key_is_used()
    {
        await using var farm = await ScriptedFarm.StartAsync(ScriptedFarm.Json(Json(Job()), 202));

        await farm.Client.SubmitAsync(Request, "tonight", Token);

        Assert.Equal("tonight", farm.Requests.Single().Headers["Idempotency-Key"]);
    }

    [Fact]
    public async Task A_refusal_carries_the_fields()
    {
        await using var farm = await ScriptedFarm.StartAsync(ScriptedFarm.Json("""{"title":"Bad Request","detail":"The request has fields that cannot be used.","errors":{"settings.steps":["Must be from 1 to 500; got 0."]}}""", 400));

        var fault = await Assert.ThrowsAsync<RenderFarmException>(() => farm.Client.SubmitAsync(Request, cancellationToken: Token));

        Assert.Equal(HttpStatusCode.BadRequest, fault.Status);
        Assert.Equal("settings.steps: Must be from 1 to 500; got 0.", fault.Message);
        Assert.Equal(["Must be from 1 to 500; got 0."], fault.Errors["settings.steps"]);
    }

    [Fact]
    public async Task An_answer_that_is_no_problem_document_is_told_by_its_status()
    {
        await using var farm = await ScriptedFarm.StartAsync(context =>
        {
            context.Response.StatusCode = 403;
            context.Response.ContentType = "text/html";
            return Task.CompletedTask;
        });

        var fault = await Assert.ThrowsAsync<RenderFarmException>(() => farm.Client.WorkersAsync(Token));

        Assert.Equal("The farm answered 403 Forbidden.", fault.Message);
    }

    [Fact]
    public async Task A_farm_that_stays_away_is_named_by_its_address()
    {
        using var client = new RenderFarmClient(new Uri("http://127.0.0.1:1"), "key");

        var fault = await Assert.ThrowsAsync<RenderFarmException>(() => client.ModelsAsync(Token));

        Assert.StartsWith("The farm at http://127.0.0.1:1/ cannot be reached:", fault.Message, StringComparison.Ordinal);
        Assert.Null(fault.Status);
    }

    [Fact]
    public async Task Lists_are_read_page_after_page()
    {
        await using var farm = await ScriptedFarm.StartAsync(
            ScriptedFarm.Json(Json(new Page<JobView> { Items = [Job(), Job()], Cursor = "a b" })),
            ScriptedFarm.Json(Json(new Page<JobView> { Items = [], Cursor = "c" })),
            ScriptedFarm.Json(Json(new Page<JobView> { Items = [Job()] })));

        var jobs = await farm.Client.ListJobsAsync(JobState.Running, "post & co", Token).ToListAsync(Token);

        Assert.Equal(3, jobs.Count);
        Assert.Equal(
            ["/v1/jobs?state=running&q=post%20%26%20co", "/v1/jobs?state=running&q=post%20%26%20co&cursor=a%20b", "/v1/jobs?state=running&q=post%20%26%20co&cursor=c"],
            farm.Requests.Select(request => request.Address));
    }

    [Fact]
    public async Task Orders_about_a_worker_go_to_its_name_and_again_when_the_farm_was_away()
    {
        var worker = Json(Worker("gpu 1/2"));
        await using var farm = await ScriptedFarm.StartAsync(
            ScriptedFarm.Away(), ScriptedFarm.Json(worker), ScriptedFarm.Json(worker), ScriptedFarm.Json(worker), ScriptedFarm.Json(worker), ScriptedFarm.Json(worker));

        await farm.Client.DrainWorkerAsync("gpu 1/2", "new cooler", Token);
        await farm.Client.ResumeWorkerAsync("gpu 1/2", Token);
        await farm.Client.BlockWorkerAsync("gpu 1/2", new WorkerBlocking { Model = "emoji" }, Token);
        await farm.Client.UnblockWorkerAsync("gpu 1/2", new WorkerBlocking { Job = $"{JobId}" }, Token);
        var read = await farm.Client.GetWorkerAsync("gpu 1/2", Token);

        Assert.Equal(("gpu 1/2", "rendering"), (read.Name, Assert.Single(read.SlotStatus).State));
        Assert.Equal(
            ["drain {\"reason\":\"new cooler\"}", "drain {\"reason\":\"new cooler\"}", "resume ", "block {\"model\":\"emoji\",\"job\":null,\"reason\":null}", $"unblock {{\"model\":null,\"job\":\"{JobId}\",\"reason\":null}}"],
            farm.Requests.Take(5).Select(request => $"{request.Address[(request.Address.LastIndexOf('/') + 1)..]} {request.Body}"));
    }

    [Fact]
    public async Task An_image_is_saved_whole_with_the_right_checksum_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        var good = folder.File("good.png");
        var bad = folder.File("bad.png");
        var frame = Frame(0) with { Sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" };
        await using var farm = await ScriptedFarm.StartAsync(
            ScriptedFarm.Json("ab"), ScriptedFarm.Json("abc"), ScriptedFarm.Json("x"), ScriptedFarm.Json("y"), ScriptedFarm.Json("z"));

        await farm.Client.SaveImageAsync(frame, good, Token);
        var fault = await Assert.ThrowsAsync<RenderFarmException>(() => farm.Client.SaveImageAsync(frame, bad, Token));

        Assert.Equal("abc", await File.ReadAllTextAsync(good, Token));
        Assert.Contains("its checksum is", fault.Message, StringComparison.Ordinal);
        Assert.Equal([good], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task A_frame_without_an_image_is_refused_before_anything_is_asked()
    {
        await using var farm = await ScriptedFarm.StartAsync();

        var fault = await Assert.ThrowsAsync<RenderFarmException>(() => farm.Client.SaveImageAsync(Frame(3) with { State = FrameState.Failed, Image = null, Sha256 = null }, "never.png", Token));

        Assert.Equal("Frame 3 has no image: it is Failed.", fault.Message);
    }
}
