using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

public sealed class ServerFarmTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_coordinators_and_three_workers_share_one_queue_and_a_worker_that_starts_later_joins()
    {
        await using var farm = await ServerTestFarm.StartAsync(coordinators: 2, workers: 2, Cancellation);
        var one = await farm.Client.SubmitAsync(RenderTests.Pizza(150), cancellationToken: Cancellation);
        using var other = new RenderFarmClient(farm.AddressOf(1), farm.Key);
        var two = await other.SubmitAsync(RenderTests.Pizza(50), cancellationToken: Cancellation);
        await farm.StartWorkerAsync("late", Cancellation);

        await farm.JobAsync(one.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        await farm.JobAsync(two.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        var rendered = one.FrameCount + two.FrameCount;

        // The first two may have been faster than the start of the third.
        var workers = await Eventually.IsAsync(
            async () =>
            {
                var more = await farm.Client.SubmitAsync(RenderTests.Pizza(30), cancellationToken: Cancellation);
                await farm.JobAsync(more.Id, x => x.State == JobState.Completed, Patience, Cancellation);
                rendered += more.FrameCount;
                return await other.WorkersAsync(Cancellation);
            },
            all => all.All(x => x.Rendered > 0), Patience, () => farm.Log, Cancellation);
        Assert.Equal(["late", "worker-0", "worker-1"], workers.Select(x => x.Name).Order());
        Assert.Equal(rendered, workers.Sum(x => x.Rendered));
        await farm.AuditAsync(Cancellation);
    }

    [Fact]
    public async Task A_worker_stopped_with_SIGTERM_hands_back_what_it_has_and_leaves()
    {
        await using var farm = await ServerTestFarm.StartAsync(coordinators: 1, workers: 2, Cancellation);
        var job = await farm.Client.SubmitAsync(RenderTests.Pizza(120), cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered >= 8, Patience, Cancellation);
        farm.Worker("worker-0").Terminate();

        Assert.Equal(0, await farm.Worker("worker-0").ExitAsync(Patience, Cancellation));
        await Eventually.IsAsync(
            () => farm.Client.WorkersAsync(Cancellation),
            workers => workers.Single(x => x.Name == "worker-0").State == WorkerState.Gone, Patience, () => farm.Log, Cancellation);
        var done = await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        Assert.Equal((120, 0), (done.Rendered, done.Failed));
        Assert.DoesNotContain("expired; its frames wait again", farm.Log, StringComparison.Ordinal);
        await farm.AuditAsync(Cancellation);
    }

    [Fact]
    public async Task A_job_goes_on_when_the_leading_coordinator_is_killed()
    {
        await using var farm = await ServerTestFarm.StartAsync(coordinators: 2, workers: 1, Cancellation);
        using var other = new RenderFarmClient(farm.AddressOf(1), farm.Key);
        var job = await farm.Client.SubmitAsync(RenderTests.Pizza(60), cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Patience, Cancellation);
        await farm.CoordinatorProcess(0).KillAsync();

        await Eventually.IsAsync(() => other.GetJobAsync(job.Id, Cancellation), x => x.State == JobState.Completed, Patience, () => farm.Log, Cancellation);
        Assert.Equal(60, (await other.GetJobAsync(job.Id, Cancellation)).Rendered);
        await farm.AuditAsync(Cancellation);
    }

    [Fact]
    public async Task A_broker_that_drops_every_connection_delays_a_job_but_loses_nothing()
    {
        await using var farm = await ServerTestFarm.StartAsync(coordinators: 1, workers: 1, Cancellation);
        var job = await farm.Client.SubmitAsync(RenderTests.Pizza(60), cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Patience, Cancellation);
        await farm.Broker.CloseConnectionsAsync(Cancellation);

        var done = await farm.JobAsync(job.Id, x => x.State is JobState.Completed or JobState.Failed, Patience, Cancellation);
        Assert.Equal((JobState.Completed, 60, 0), (done.State, done.Rendered, done.Failed));
        await farm.AuditAsync(Cancellation);
    }
}
