using System.Net;
using System.Net.Http.Json;
using System.Text;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class SubmitApiContract(ApiFarm farm)
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
        Assert.Equal(("karras", null), (job.Settings.Schedule, job.Settings.VariationSeed));
        Assert.Equivalent(job.Settings, (await farm.GetAsync<JobView>(response.Headers.Location.ToString())).Settings, strict: true);
    }

    [Fact]
    public async Task What_a_second_pass_and_a_variation_leave_open_is_filled_in()
    {
        using var response = await farm.PostAsync("/v1/jobs", """
            {"bestOf":4,"output":{"format":"webp","quality":80},"settings":{"prompt":"a pizza","sampler":"DPM++ 2M","variationStrength":0.5,"hires":{"sampler":"euler_a"},"loras":[{"name":"film","weight":0.8}]}}
            """);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        var job = await farm.GetAsync<JobView>(response.Headers.Location!.ToString());

        Assert.Equal(("Automatic", "karras"), (job.Settings.Schedule, job.Settings.Hires!.Schedule));
        Assert.NotNull(job.Settings.VariationSeed);
        Assert.Equal([new LoraSettings { Name = "film", Weight = 0.8 }], job.Settings.Loras);
        Assert.Equal((4, "webp", 80), (job.BestOf, job.Output.Format, job.Output.Quality));
    }

    [Fact]
    public async Task The_same_key_with_the_same_request_returns_the_first_job()
    {
        const string Json = """{"settings":{"prompt":"a whale"},"labels":{"a":"1","b":"2"}}""";
        using var first = await farm.PostAsync("/v1/jobs", Json, "same");
        using var again = await farm.PostAsync("/v1/jobs", """{ "labels": { "b": "2", "a": "1" }, "settings": { "prompt": "a whale" }, "count": 1 }""", "same");
        using var other = await farm.PostAsync("/v1/jobs", """{"settings":{"prompt":"a fox"}}""", "same");
        using var without = await farm.PostAsync("/v1/jobs", Json);

        Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.NotEqual(first.Headers.Location, without.Headers.Location);
        var errors = await ProblemAnswer.ErrorsAsync(other, HttpStatusCode.UnprocessableEntity);
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

        var errors = await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest);
        Assert.Equal("Unknown model 'sdxl'; known: emoji.", errors.GetProperty("model")[0].GetString());
        Assert.Equal("Must be from 1 to 500; got 1000.", errors.GetProperty("settings.steps")[0].GetString());
        Assert.Equal("Must be from 1 to 100000000; got 0.", errors.GetProperty("count")[0].GetString());
    }

    [Fact]
    public async Task A_prompt_of_a_megabyte_is_refused_by_the_limit_of_prompts()
    {
        using var response = await farm.PostAsync("/v1/jobs", $$$"""{"settings":{"prompt":"{{{new string('p', 1_000_000)}}}"}}""");

        var errors = await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest);
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

        Assert.Equal("The body is larger than 32 MiB; split the job.", await ProblemAnswer.DetailAsync(response, HttpStatusCode.RequestEntityTooLarge));
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_told_how_to_send_it()
    {
        using var response = await farm.Http.PostAsync("/v1/jobs", new StringContent("prompt=a", Encoding.UTF8, "application/x-www-form-urlencoded"), Token);

        Assert.StartsWith("The body must be JSON", await ProblemAnswer.DetailAsync(response, HttpStatusCode.UnsupportedMediaType), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("sl/ash")]
    public async Task An_idempotency_key_is_a_short_plain_word(string key)
    {
        using var response = await farm.PostAsync("/v1/jobs", """{"settings":{"prompt":"a"}}""", key);

        Assert.True((await ProblemAnswer.ErrorsAsync(response, HttpStatusCode.BadRequest)).TryGetProperty("Idempotency-Key", out _));
    }
}

public sealed class SqliteSubmitApiTests(ApiFarm farm) : SubmitApiContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresSubmitApiTests(PostgresApiFarm farm) : SubmitApiContract(farm), IClassFixture<PostgresApiFarm>;
