using Microsoft.Extensions.DependencyInjection;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Membership;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Membership;

public sealed class DrainTests
{
    [Fact]
    public async Task A_stopping_worker_finishes_its_batch_commits_it_and_hands_back_the_rest()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:BatchSize", "2"), ("Worker:DrainTimeout", "00:02:00"));
        var running = await bench.OfferFirstAsync(bench.Lease([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17], settings => settings with { Steps = 40, Width = 128, Height = 128 }));
        var waiting = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        await bench.Coordinator.FirstAsync<LeaseAccepted>(accepted => accepted.AttemptId == waiting.AttemptId);
        await bench.StopAsync();

        var ended = bench.Coordinator.Of<LeaseEnded>();
        Assert.Equal([running.AttemptId, waiting.AttemptId], ended.Select(message => message.AttemptId).OrderBy(attempt => attempt == waiting.AttemptId));
        Assert.All(ended, message => Assert.Equal((AttemptOutcome.Released, null, 0), (message.Outcome, message.ErrorClass, message.Failed.Count)));
        Assert.Contains(bench.Coordinator.Of<WorkerHeartbeat>(), beat => beat.IsDraining && beat.Attempts.Contains(running.AttemptId));
        Assert.IsType<WorkerLeft>(bench.Coordinator.Messages.Last(message => message is not (WorkerHeartbeat or StepProgressed)));
        var rendered = bench.Coordinator.Rendered(running.AttemptId);
        Assert.InRange(rendered.Count, 2, 14);
        Assert.Equal(rendered.Select(frame => frame.ArtifactKey).Order(), (await bench.KeysAsync()).Order());
        Assert.Empty(bench.Coordinator.Rendered(waiting.AttemptId));
    }

    [Fact]
    public async Task A_batch_that_outlasts_the_drain_is_stopped_and_handed_back_in_time()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:DrainTimeout", "00:00:08"));
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4], settings => settings with { Steps = 500, Width = 256, Height = 256 }));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        var start = TimeProvider.System.GetTimestamp();
        await bench.StopAsync();
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(60));
        var ended = Assert.Single(bench.Coordinator.Of<LeaseEnded>());
        Assert.Equal((lease.AttemptId, AttemptOutcome.Released, null), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        Assert.Single(bench.Coordinator.Of<WorkerLeft>());
        Assert.Empty(await bench.KeysAsync());
    }

    [Fact]
    public async Task An_idle_worker_says_goodbye_at_once()
    {
        await using var bench = await WorkerBench.StartAsync();
        await bench.StopAsync();
        Assert.Equal((bench.Me.Name, bench.Me.Epoch), Assert.Single(bench.Coordinator.Of<WorkerLeft>().Select(left => (left.Worker, left.Epoch))));
    }

    [Fact]
    public async Task An_idle_worker_whose_goodbye_cannot_go_out_leaves_long_before_its_time_is_up()
    {
        await using var bench = await WorkerBench.StartAsync();
        // Nobody sends what is posted here, as while the broker is away.
        var link = ActivatorUtilities.CreateInstance<CoordinatorLink>(bench.Services);
        var membership = ActivatorUtilities.CreateInstance<FarmMembership>(bench.Services, link);
        var drain = ActivatorUtilities.CreateInstance<Drain>(bench.Services, membership, link);

        await drain.RunAsync(TimeSpan.FromSeconds(40), TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Contains(bench.Log.Lines, line => line.Contains("The last messages did not go out within 00:00:04", StringComparison.Ordinal));
        Assert.DoesNotContain(bench.Log.Lines, line => line.Contains("The drain did not end within", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_is_stopped_twice_drains_once()
    {
        await using var bench = await WorkerBench.StartAsync();
        await bench.StopAsync();
        await bench.StopAsync().WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Single(bench.Coordinator.Of<WorkerLeft>());
    }
}
