using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class FramesApiContract(ApiFarm farm)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_frame_of_a_job_is_listed_once_whatever_its_state()
    {
        var job = await MixedJobAsync();

        var first = await farm.GetAsync<Page<FrameView>>($"/v1/jobs/{job.Id}/frames?limit=6");
        var second = await farm.GetAsync<Page<FrameView>>($"/v1/jobs/{job.Id}/frames?limit=6&cursor={first.Cursor}");

        var frames = first.Items.Concat(second.Items).ToList();
        Assert.Null(second.Cursor);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), frames.Select(frame => frame.Index));
        Assert.Equal(
            [FrameState.Rendered, FrameState.Failed, FrameState.Waiting, FrameState.Rendered, FrameState.Rendering, FrameState.Rendering],
            frames.Take(6).Select(frame => frame.State));
        Assert.All(frames.Skip(6), frame => Assert.Equal(FrameState.Waiting, frame.State));
    }

    [Fact]
    public async Task A_rendered_frame_shows_its_image_and_the_others_show_what_is_known()
    {
        var job = await MixedJobAsync();

        var rendered = await farm.GetAsync<FrameView>($"/v1/jobs/{job.Id}/frames/3");
        var failed = await farm.GetAsync<FrameView>($"/v1/jobs/{job.Id}/frames/1");
        var rendering = await farm.GetAsync<FrameView>($"/v1/jobs/{job.Id}/frames/4");

        Assert.Equal(("a fox", 41L, 128, 40, ApiFarm.Worker), (rendered.Prompt, rendered.Seed, rendered.Width, rendered.RenderMilliseconds, rendered.Worker));
        Assert.Equal($"v1/jobs/{job.Id}/frames/3/image", rendered.Image);
        Assert.Equal((FrameState.Failed, "the latents are not numbers", null), (failed.State, failed.Error, failed.Image));
        Assert.Equal((FrameState.Rendering, "an owl", ApiFarm.Worker), (rendering.State, rendering.Prompt, rendering.Worker));
    }

    [Theory]
    [InlineData("rendered", new long[] { 0, 3 })]
    [InlineData("failed", new long[] { 1 })]
    [InlineData("rendering", new long[] { 4, 5 })]
    [InlineData("waiting", new long[] { 2, 6, 7, 8, 9 })]
    [InlineData("cancelled", new long[0])]
    public async Task Frames_are_found_by_state_page_by_page(string state, long[] indexes)
    {
        var job = await MixedJobAsync();

        Assert.Equal(indexes, await AllAsync(job.Id, state, 100));
        Assert.Equal(indexes, await AllAsync(job.Id, state, 1));
        Assert.Equal(indexes, await AllAsync(job.Id, state, 2));
    }

    [Fact]
    public async Task What_a_cancel_ends_is_listed_as_cancelled()
    {
        var job = await MixedJobAsync();

        await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");

        Assert.Equal([2, 4, 5, 6, 7, 8, 9], await AllAsync(job.Id, "cancelled", 2));
        Assert.Equal([0, 3], await AllAsync(job.Id, "rendered", 100));
        Assert.Empty(await AllAsync(job.Id, "waiting", 100));
        Assert.Empty(await AllAsync(job.Id, "rendering", 100));
    }

    [Fact]
    public async Task Cancelled_frames_of_a_huge_job_are_found_without_reading_it_whole()
    {
        var job = await farm.SubmitAsync(new JobRequest { Count = 100_000_000, Settings = new RenderSettings { Prompt = "a", Seed = 5 } });
        await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");

        var page = await farm.GetAsync<Page<FrameView>>($"/v1/jobs/{job.Id}/frames?state=cancelled&cursor=99999989&limit=100");

        Assert.Equal(10, page.Items.Count);
        Assert.Equal(100_000_004, page.Items[^1].Seed);
        Assert.Null(page.Cursor);
    }

    [Fact]
    public async Task An_image_is_served_as_stored_for_ever()
    {
        var job = await MixedJobAsync();

        using var response = await farm.Http.GetAsync($"/v1/jobs/{job.Id}/frames/3/image", Token);
        var bytes = await response.Content.ReadAsByteArrayAsync(Token);

        Assert.Equal(ApiFarm.Image(job.Id, 3), bytes);
        Assert.Equal("image/png", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))}\"", response.Headers.ETag!.Tag);
        Assert.Equal("max-age=31536000, private, immutable", response.Headers.CacheControl!.ToString());
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Null(response.Content.Headers.ContentDisposition);
    }

    [Fact]
    public async Task An_image_is_served_in_parts_and_not_again_to_who_has_it()
    {
        var job = await MixedJobAsync();
        var part = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job.Id}/frames/3/image") { Headers = { Range = new RangeHeaderValue(2, 5) } };
        using var partial = await farm.Http.SendAsync(part, Token);
        var known = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job.Id}/frames/3/image") { Headers = { IfNoneMatch = { partial.Headers.ETag! } } };
        using var unchanged = await farm.Http.SendAsync(known, Token);
        using var head = await farm.Http.SendAsync(new HttpRequestMessage(HttpMethod.Head, $"/v1/jobs/{job.Id}/frames/3/image"), Token);

        Assert.Equal(HttpStatusCode.PartialContent, partial.StatusCode);
        Assert.Equal(ApiFarm.Image(job.Id, 3)[2..6], await partial.Content.ReadAsByteArrayAsync(Token));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Equal((HttpStatusCode.OK, ApiFarm.Image(job.Id, 3).LongLength), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task A_download_is_named_after_job_index_and_seed()
    {
        var job = await MixedJobAsync();

        using var response = await farm.Http.GetAsync($"/v1/jobs/{job.Id}/frames/3/image?download=true", Token);

        Assert.Equal("mixed-bag-00003-41.png", response.Content.Headers.ContentDisposition!.FileName);
    }

    [Theory]
    [InlineData("frames/10", "Job {0} has the frames 0 to 9; there is no frame 10.")]
    [InlineData("frames/-1", "Job {0} has the frames 0 to 9; there is no frame -1.")]
    [InlineData("frames/10/image", "Job {0} has the frames 0 to 9; there is no frame 10.")]
    [InlineData("frames/2/image", "Frame 2 of job {0} is Waiting; it has no image.")]
    [InlineData("frames/1/image", "Frame 1 of job {0} is Failed; it has no image.")]
    public async Task A_frame_or_image_that_is_not_there_says_why(string path, string detail)
    {
        var job = await MixedJobAsync();

        using var response = await farm.Http.GetAsync($"/v1/jobs/{job.Id}/{path}", Token);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal(detail.Replace("{0}", job.Id.ToString(), StringComparison.Ordinal), (await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("detail").GetString());
    }

    [Theory]
    [InlineData("state=done", "state")]
    [InlineData("cursor=-1", "cursor")]
    [InlineData("cursor=9223372036854775807", "cursor")]
    [InlineData("limit=1001", "limit")]
    [InlineData("page=2", "page")]
    public async Task A_bad_filter_is_named(string query, string field)
    {
        var job = await MixedJobAsync();

        using var response = await farm.Http.GetAsync($"/v1/jobs/{job.Id}/frames?{query}", Token);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.True((await response.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("errors").TryGetProperty(field, out _));
    }

    /// <summary>Ten frames of five prompts: 0 and 3 rendered, 1 failed, 2 returned to its span, 4 and 5 being rendered, the others waiting.</summary>
    private async Task<JobView> MixedJobAsync()
    {
        var job = await farm.SubmitAsync(new JobRequest
        {
            Name = "Mixed bag",
            Count = 2,
            Prompts = ["a whale", "a fox", "an owl", "a crab", "a bee"],
            Settings = new RenderSettings { Seed = 40 },
        });
        var first = await farm.LeaseAsync(job.Id, 3);
        var second = await farm.LeaseAsync(job.Id, 3);
        await farm.CommitAsync(first, 0);
        await farm.FailAsync(first, 1, "the latents are not numbers");
        await farm.CommitAsync(second, 3);
        return job;
    }

    private async Task<IReadOnlyList<long>> AllAsync(Guid job, string state, int limit)
    {
        var indexes = new List<long>();
        string? cursor = null;
        do
        {
            var page = await farm.GetAsync<Page<FrameView>>($"/v1/jobs/{job}/frames?state={state}&limit={limit}{(cursor is null ? "" : $"&cursor={cursor}")}");
            Assert.All(page.Items, frame => Assert.Equal(state, frame.State.ToString().ToLowerInvariant()));
            indexes.AddRange(page.Items.Select(frame => frame.Index));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return indexes;
    }
}

public sealed class SqliteFramesApiTests(ApiFarm farm) : FramesApiContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresFramesApiTests(PostgresApiFarm farm) : FramesApiContract(farm), IClassFixture<PostgresApiFarm>;
