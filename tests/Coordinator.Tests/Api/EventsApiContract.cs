using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Api;

public abstract class EventsApiContract(ApiFarm farm)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task A_job_is_told_from_its_first_lease_to_its_end()
    {
        var job = await SubmitAsync(2);
        await using var events = await ListenAsync(job.Id);
        Assert.Equal(JobState.Queued, (await events.NextAsync<JobView>(JobEvents.Job)).State);

        var offer = await farm.LeaseAsync(job.Id, 2);
        farm.Services.GetRequiredService<FarmFeed>().Notify(new StepProgressed(ApiFarm.Worker, job.Id, offer.AttemptId, [0, 1], 7, 20));
        var step = await events.NextAsync<StepView>(JobEvents.Progress);
        await farm.CommitAsync(offer, 0, 1);
        var frames = new[] { await events.NextAsync<FrameView>(JobEvents.Frame), await events.NextAsync<FrameView>(JobEvents.Frame) };
        var end = await events.NextAsync<JobView>(JobEvents.Job);

        Assert.Equal((7, 20, 2), (step.Step, step.Steps, step.Frames.Count));
        Assert.Equal([0, 1], frames.Select(frame => frame.Index));
        Assert.Equal((JobState.Completed, 2L), (end.State, end.Rendered));
        Assert.True(await events.IsOverAsync());
    }

    [Fact]
    public async Task Only_the_last_event_of_a_version_carries_it_as_id()
    {
        var job = await SubmitAsync(4);
        var offer = await farm.LeaseAsync(job.Id, 4);
        await farm.CommitAsync(offer, 0, 1);
        await farm.CommitAsync(offer, 2, 3);
        var end = (await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}")).Version;

        await using var events = await ListenAsync(job.Id);
        var all = await events.RestAsync();

        Assert.Equal([("frame", null), ("frame", $"{end - 1}"), ("frame", null), ("frame", $"{end}"), ("job", $"{end}")], all.Select(item => (item.EventType, item.EventId)));
    }

    [Fact]
    public async Task A_reader_that_comes_back_gets_exactly_what_it_missed()
    {
        var job = await SubmitAsync(4);
        var offer = await farm.LeaseAsync(job.Id, 4);
        await farm.CommitAsync(offer, 0, 1);
        var seen = (await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}")).Version;
        await farm.CommitAsync(offer, 2);
        await farm.CommitAsync(offer, 3);

        await using var byHeader = await ListenAsync(job.Id, $"{seen}");
        await using var byQuery = await ListenAsync(job.Id, null, $"?after={seen}");

        Assert.Equal([2, 3], (await byHeader.RestAsync()).Where(item => item.EventType == JobEvents.Frame).Select(Index));
        Assert.Equal([2, 3], (await byQuery.RestAsync()).Where(item => item.EventType == JobEvents.Frame).Select(Index));
    }

    [Fact]
    public async Task More_frames_than_a_page_come_in_order_and_once()
    {
        var job = await SubmitAsync(1200);
        var offer = await farm.LeaseAsync(job.Id, 1200);
        await farm.CommitAsync(offer, [.. Enumerable.Range(0, 700).Select(i => (long)i)]);
        await farm.CommitAsync(offer, [.. Enumerable.Range(700, 500).Select(i => (long)i)]);

        await using var events = await ListenAsync(job.Id);
        var frames = (await events.RestAsync()).Where(item => item.EventType == JobEvents.Frame).ToList();

        Assert.Equal(Enumerable.Range(0, 1200).Select(i => (long)i), frames.Select(Index));
        Assert.Equal([699, 1199], frames.Where(item => item.EventId is not null).Select(Index));
    }

    [Fact]
    public async Task A_reader_that_has_seen_the_end_is_told_to_stay_away()
    {
        var job = await SubmitAsync(1);
        await farm.CommitAsync(await farm.LeaseAsync(job.Id, 1), 0);
        var version = (await farm.GetAsync<JobView>($"/v1/jobs/{job.Id}")).Version;

        using var response = await GetAsync(job.Id, $"{version}", "");

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
    }

    [Theory]
    [InlineData("7000")]
    [InlineData("-1")]
    [InlineData("abc")]
    public async Task An_id_that_never_was_is_refused(string id)
    {
        var job = await SubmitAsync(1);

        using var response = await GetAsync(job.Id, id, "");

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task A_cancel_ends_the_stream()
    {
        var job = await SubmitAsync(3);
        await using var events = await ListenAsync(job.Id);
        await events.NextAsync<JobView>(JobEvents.Job);

        await farm.PostAsync($"/v1/jobs/{job.Id}/cancel", "");

        Assert.Equal(JobState.Cancelled, (await events.NextAsync<JobView>(JobEvents.Job)).State);
        Assert.True(await events.IsOverAsync());
    }

    private static long Index(SseItem<string> item) => JsonSerializer.Deserialize<FrameView>(item.Data, FarmJson.Options)!.Index;

    private Task<JobView> SubmitAsync(long count) => farm.SubmitAsync(new JobRequest { Count = count, Settings = new RenderSettings { Prompt = "a pizza" } });

    private async Task<HttpResponseMessage> GetAsync(Guid job, string? lastEventId, string query)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/jobs/{job}/events{query}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return await farm.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    private async Task<Listener> ListenAsync(Guid job, string? lastEventId = null, string query = "")
    {
        var response = await GetAsync(job, lastEventId, query);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        return new Listener(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    private sealed class Listener(HttpResponseMessage response, Stream body) : IAsyncDisposable
    {
        private readonly IAsyncEnumerator<SseItem<string>> _items = SseParser.Create(body).EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator();

        /// <summary>The next event of a kind, others are passed over.</summary>
        public async Task<T> NextAsync<T>(string type)
        {
            while (await MoveAsync())
            {
                if (_items.Current.EventType == type)
                {
                    return JsonSerializer.Deserialize<T>(_items.Current.Data, FarmJson.Options)!;
                }
            }

            throw new InvalidOperationException($"The stream is over without another '{type}'.");
        }

        public async Task<IReadOnlyList<SseItem<string>>> RestAsync()
        {
            var rest = new List<SseItem<string>>();
            while (await MoveAsync())
            {
                rest.Add(_items.Current);
            }

            return rest;
        }

        public async Task<bool> IsOverAsync() => !await MoveAsync();

        public async ValueTask DisposeAsync()
        {
            await _items.DisposeAsync();
            response.Dispose();
        }

        private Task<bool> MoveAsync() => _items.MoveNextAsync().AsTask().WaitAsync(Deadline);
    }
}

public sealed class SqliteEventsApiTests(ApiFarm farm) : EventsApiContract(farm), IClassFixture<ApiFarm>;

public sealed class PostgresEventsApiTests(PostgresApiFarm farm) : EventsApiContract(farm), IClassFixture<PostgresApiFarm>;
