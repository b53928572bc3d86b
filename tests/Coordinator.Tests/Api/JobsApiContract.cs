using System.Net;
using System.Net.Http.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class JobsApiContract(ApiFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

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

        Assert.Equal(message, (await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest)).GetProperty(field)[0].GetString());
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

        Assert.Equal($"Job {job.Id} is Completed already; only a job that is queued, running or paused can be cancelled.", await ProblemAnswer.DetailAsync(response, HttpStatusCode.Conflict));
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

        Assert.Equal(detail, await ProblemAnswer.DetailAsync(response, status));
    }

    private static JobRequest Named(string name) => new() { Name = name, Settings = new RenderSettings { Prompt = "a pizza" } };
}

public sealed class SqliteJobsApiTests(ApiFarm farm) : JobsApiContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresJobsApiTests(PostgresApiFarm farm) : JobsApiContract(farm), IClassFixture<PostgresApiFarm>;
