using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class JobsApiContract(ApiFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_submitted_job_is_accepted_with_everything_filled_in()
    {
        using var response = await farm.PostAsync("/v1/jobs", """{"name":"posters","count":3,"settings":{"prompt":"a pizza"},"labels":{"team":"a"}}""");
        var job = (await response.Content.ReadFromJsonAsync<JobView>(FarmJson.Options, Token))!;

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Equal($"/v1/jobs/{job.Id}", response.Headers.Location!.ToString());
        Assert.Equal((JobState.Queued, 3L, "d1", 128, 128), (job.State, job.FrameCount, job.ModelDigest, job.Settings.Width!.Value, job.Settings.Height!.Value));
        Assert.InRange(job.Settings.Seed!.Value, 0, int.MaxValue);
        Assert.Equal("a", job.Labels["team"]);
        Assert.Equal(job.Settings, (await farm.GetAsync<JobView>(response.Headers.Location.ToString())).Settings);
    }

    [Fact]
    public async Task The_same_key_with_the_same_request_returns_the_first_job()
    {
        const string Json = """{"settings":{"prompt":"a whale"}}""";
        using var first = await farm.PostAsync("/v1/jobs", Json, "same");
        using var again = await farm.PostAsync("/v1/jobs", """{ "settings": { "prompt": "a whale" }, "count": 1 }""", "same");
        using var other = await farm.PostAsync("/v1/jobs", """{"settings":{"prompt":"a fox"}}""", "same");
        using var without = await farm.PostAsync("/v1/jobs", Json);

        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.NotEqual(first.Headers.Location, without.Headers.Location);
        var errors = await ErrorsAsync(other, HttpStatusCode.UnprocessableEntity);
        Assert.StartsWith("Came before with another request, which made job", errors.GetProperty("Idempotency-Key")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_calls_with_one_key_at_once_make_one_job()
    {
        var calls = Enumerable.Range(0, 8).Select(_ => farm.PostAsync("/v1/jobs", """{"settings":{"prompt":"a crowd"}}""", "crowd"));

        var locations = (await Task.WhenAll(calls)).Select(response => response.Headers.Location).Distinct();

        Assert.Single(locations);
    }

    [Fact]
    public async Task Bad_fields_come_back_as_a_problem_with_errors_by_field()
    {
        using var response = await farm.PostAsync("/v1/jobs", """{"model":"sdxl","count":0,"settings":{"prompt":"a","steps":1000}}""");

        var errors = await ErrorsAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal("Unknown model 'sdxl'; known: emoji.", errors.GetProperty("model")[0].GetString());
        Assert.Equal("Must be from 1 to 500; got 1000.", errors.GetProperty("settings.steps")[0].GetString());
        Assert.Equal("Must be from 1 to 100000000; got 0.", errors.GetProperty("count")[0].GetString());
    }

    [Fact]
    public async Task A_prompt_of_a_megabyte_is_refused_by_the_limit_of_prompts()
    {
        using var response = await farm.PostAsync("/v1/jobs", $$$"""{"settings":{"prompt":"{{{new string('p', 1_000_000)}}}"}}""");

        var errors = await ErrorsAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal("Must have at most 4000 characters; got 1000000.", errors.GetProperty("settings.prompt")[0].GetString());
    }

    [Fact]
    public async Task A_hundred_thousand_prompts_are_accepted_at_once()
    {
        var prompts = Enumerable.Range(0, RenderLimits.MaxPrompts).Select(i => $"a pizza with {i} olives on a blue background").ToList();

        var job = await farm.SubmitAsync(new JobRequest { Count = 10, Prompts = prompts });

        Assert.Equal((1_000_000, 100_000), (job.FrameCount, job.PromptCount));
        var frame = await farm.GetAsync<FrameView>($"/v1/jobs/{job.Id}/frames/999999");
        Assert.Equal(("a pizza with 99999 olives on a blue background", job.Settings.Seed!.Value + 9), (frame.Prompt!, frame.Seed));
    }

    [Fact]
    public async Task A_body_above_the_limit_is_told_the_limit()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/jobs") { Content = new StringContent(new string(' ', 33 * 1024 * 1024), Encoding.UTF8, "application/json") };
        request.Headers.ExpectContinue = true;

        using var response = await farm.Http.SendAsync(request, Token);

        Assert.Equal("The body is larger than 32 MiB; split the job.", await DetailAsync(response, HttpStatusCode.RequestEntityTooLarge));
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_told_how_to_send_it()
    {
        using var response = await farm.Http.PostAsync("/v1/jobs", new StringContent("prompt=a", Encoding.UTF8, "application/x-www-form-urlencoded"), Token);

        Assert.StartsWith("The body must be JSON", await DetailAsync(response, HttpStatusCode.UnsupportedMediaType), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("sl/ash")]
    public async Task An_idempotency_key_is_a_short_plain_word(string key)
    {
        using var response = await farm.PostAsync("/v1/jobs", """{"settings":{"prompt":"a"}}""", key);

        Assert.True((await ErrorsAsync(response, HttpStatusCode.BadRequest)).TryGetProperty("Idempotency-Key", out _));
    }

    [Fact]
    public async Task Jobs_are_listed_newest_first_page_by_page()
    {
        var ids = new List<Guid>();
        for (var i = 0; i < 5; i++)
        {
            ids.Add((await farm.SubmitAsync(Named("Paging 100%"))).Id);
        }

        var first = await farm.GetAsync<Page<JobView>>("/v1/jobs?q=PAGING%20100%25&limit=2");
        var second = await farm.GetAsync<Page<JobView>>($"/v1/jobs?q=paging&limit=2&cursor={first.Cursor}");
        var third = await farm.GetAsync<Page<JobView>>($"/v1/jobs?q=paging&limit=2&cursor={second.Cursor}");

        ids.Reverse();
        Assert.Equal(ids, first.Items.Concat(second.Items).Concat(third.Items).Select(job => job.Id));
        Assert.Null(third.Cursor);
    }

    [Fact]
    public async Task Jobs_are_found_by_state_name_and_id()
    {
        var job = await farm.SubmitAsync(Named("findable"));
        await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");

        Assert.Equal([job.Id], (await farm.GetAsync<Page<JobView>>("/v1/jobs?q=findable&state=cancelled&state=running")).Items.Select(found => found.Id));
        Assert.Empty((await farm.GetAsync<Page<JobView>>("/v1/jobs?q=findable&state=queued")).Items);
        Assert.Equal([job.Id], (await farm.GetAsync<Page<JobView>>($"/v1/jobs?q={job.Id}")).Items.Select(found => found.Id));
    }

    [Theory]
    [InlineData("state=done", "state", "Unknown: 'done'; allowed: queued, running, paused, completed, failed, cancelled.")]
    [InlineData("state=0", "state", "Unknown: '0'; allowed: queued, running, paused, completed, failed, cancelled.")]
    [InlineData("stat=running", "stat", "Unknown parameter; allowed: state, q, cursor, limit.")]
    [InlineData("limit=0", "limit", "Must be from 1 to 500; got 0.")]
    [InlineData("limit=many", "limit", "Must be a whole number; got 'many'.")]
    [InlineData("cursor=7", "cursor", "Must be the cursor of the page before; got '7'.")]
    public async Task A_bad_filter_is_named(string query, string field, string message)
    {
        using var response = await farm.Http.GetAsync($"/v1/jobs?{query}", Token);

        Assert.Equal(message, (await ErrorsAsync(response, HttpStatusCode.BadRequest)).GetProperty(field)[0].GetString());
    }

    [Fact]
    public async Task A_cancelled_job_tells_what_was_rendered_and_stays_cancelled()
    {
        var job = await farm.SubmitAsync(Named("cancel") with { Count = 5 });
        var offer = await farm.LeaseAsync(job.Id, 3);
        await farm.CommitAsync(offer, 0, 1);

        using var first = await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");
        using var again = await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");

        var cancelled = (await first.Content.ReadFromJsonAsync<JobView>(FarmJson.Options, Token))!;
        Assert.Equal((JobState.Cancelled, 2L, 3L, 0L, 1.0), (cancelled.State, cancelled.Rendered, cancelled.Cancelled, cancelled.Rendering, cancelled.Progress));
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
        Assert.Empty(await farm.Ledger.AuditAsync(job.Id, Token));
    }

    [Fact]
    public async Task A_job_that_has_completed_cannot_be_cancelled()
    {
        var job = await farm.SubmitAsync(Named("too late"));
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 1), 0);

        using var response = await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");

        Assert.Equal($"Job {job.Id} is Completed already; only a job that is queued or running can be cancelled.", await DetailAsync(response, HttpStatusCode.Conflict));
    }

    [Fact]
    public async Task A_running_job_shows_its_counts_and_pace()
    {
        var job = await farm.SubmitAsync(Named("counts") with { Count = 10 });
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 4), 0, 2);

        var running = await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}");

        Assert.Equal((JobState.Running, 2L, 2L, 0.2), (running.State, running.Rendered, running.Rendering, running.Progress));
        Assert.True(running.ImagesPerSecond > 0);
        Assert.True(running.EtaSeconds > 0);
        Assert.True(running.Version > job.Version);
    }

    [Theory]
    [InlineData("GET", "/v1/jobs/01930000-0000-7000-8000-000000000000", HttpStatusCode.NotFound, "There is no job 01930000-0000-7000-8000-000000000000.")]
    [InlineData("POST", "/v1/jobs/01930000-0000-7000-8000-000000000000/cancel", HttpStatusCode.NotFound, "There is no job 01930000-0000-7000-8000-000000000000.")]
    [InlineData("GET", "/v1/jobs/01930000-0000-7000-8000-000000000000/events", HttpStatusCode.NotFound, "There is no job 01930000-0000-7000-8000-000000000000.")]
    [InlineData("GET", "/v1/jobs/seven", HttpStatusCode.NotFound, "There is nothing at GET /v1/jobs/seven; /openapi/v1.json lists what there is.")]
    [InlineData("GET", "/v1/nothing", HttpStatusCode.NotFound, "There is nothing at GET /v1/nothing; /openapi/v1.json lists what there is.")]
    [InlineData("PUT", "/v1/jobs", HttpStatusCode.MethodNotAllowed, "PUT /v1/jobs is not possible; allowed: GET, POST.")]
    public async Task What_is_not_there_is_a_problem_that_says_so(string method, string path, HttpStatusCode status, string detail)
    {
        using var response = await farm.Http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path), Token);

        Assert.Equal(detail, await DetailAsync(response, status));
    }

    private static JobRequest Named(string name) => new() { Name = name, Settings = new RenderSettings { Prompt = "a pizza" } };

    private static async Task<JsonElement> ErrorsAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("errors");
    }

    private static async Task<string?> DetailAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        return (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString();
    }
}

public sealed class SqliteJobsApiTests(ApiFarm farm) : JobsApiContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresJobsApiTests(PostgresApiFarm farm) : JobsApiContract(farm), IClassFixture<PostgresApiFarm>;
