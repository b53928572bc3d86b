using System.Net;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using static RenderFarm.Client.Tests.Samples;

namespace RenderFarm.Client.Tests;

public sealed class JobWatchTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watch_ends_with_the_terminal_event_of_the_job()
    {
        await using var farm = await ScriptedFarm.StartAsync(ScriptedFarm.Events(
            Event(JobEvents.Job, Job(), 1) + Event(JobEvents.Progress, new StepView("one", [0], 3, 20)) + ": heartbeat\n\n"
            + Event(JobEvents.Frame, Frame(0), 2) + Event(JobEvents.Job, Job(JobState.Completed, 2), 2) + Event(JobEvents.Frame, Frame(9), 3)));

        var events = await farm.Client.WatchAsync(JobId, Token).ToListAsync(Token);

        Assert.Collection(
            events,
            first => Assert.Equal(JobState.Running, Assert.IsType<JobEvent.JobChanged>(first).Job.State),
            step => Assert.Equal(3, Assert.IsType<JobEvent.StepDone>(step).Step.Step),
            frame => Assert.Equal(0, Assert.IsType<JobEvent.FrameSettled>(frame).Frame.Index),
            last => Assert.Equal(JobState.Completed, Assert.IsType<JobEvent.JobChanged>(last).Job.State));
        Assert.Equal($"Bearer {ScriptedFarm.Key}", farm.Requests.Single().Headers["Authorization"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_broken_connection_goes_on_after_the_last_id_and_shows_each_frame_once(bool cut)
    {
        await using var farm = await ScriptedFarm.StartAsync(
            ScriptedFarm.Events(Event(JobEvents.Frame, Frame(0), 5) + Event(JobEvents.Frame, Frame(1)) + Event(JobEvents.Frame, Frame(2)), cut),
            ScriptedFarm.Away(),
            ScriptedFarm.Events(Event(JobEvents.Frame, Frame(1)) + Event(JobEvents.Frame, Frame(2)) + Event(JobEvents.Frame, Frame(3), 6) + Event(JobEvents.Job, Job(JobState.Completed, 6), 6)));

        var frames = await farm.Client.WatchAsync(JobId, Token).OfType<JobEvent.FrameSettled>().Select(settled => settled.Frame.Index).ToListAsync(Token);

        Assert.Equal([0, 1, 2, 3], frames);
        Assert.Equal([null, "5", "5"], farm.Requests.Select(request => request.Headers.GetValueOrDefault("Last-Event-ID")));
    }

    [Fact]
    public async Task A_frame_that_settles_again_in_a_later_version_is_shown_again()
    {
        await using var farm = await ScriptedFarm.StartAsync(ScriptedFarm.Events(
            Event(JobEvents.Frame, Frame(0), 5) + Event(JobEvents.Frame, Frame(0), 6) + Event(JobEvents.Job, Job(JobState.Completed, 6), 6)));

        Assert.Equal(2, await farm.Client.WatchAsync(JobId, Token).OfType<JobEvent.FrameSettled>().CountAsync(Token));
    }

    [Fact]
    public async Task A_job_that_is_not_there_is_an_error_at_once()
    {
        await using var farm = await ScriptedFarm.StartAsync(ScriptedFarm.Json("""{"detail":"There is no job."}""", 404));

        var fault = await Assert.ThrowsAsync<RenderFarmException>(async () => await farm.Client.WatchAsync(JobId, Token).ToListAsync(Token));

        Assert.Equal((HttpStatusCode.NotFound, "There is no job."), (fault.Status, fault.Message));
    }

    [Fact]
    public async Task Nothing_more_to_tell_ends_the_watch()
    {
        await using var farm = await ScriptedFarm.StartAsync(context =>
        {
            context.Response.StatusCode = 204;
            return Task.CompletedTask;
        });

        Assert.Empty(await farm.Client.WatchAsync(JobId, Token).ToListAsync(Token));
    }
}
