using Microsoft.Extensions.Diagnostics.HealthChecks;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Membership;

public sealed class HeartbeatTests
{
    [Fact]
    public async Task A_worker_with_nothing_to_do_beats_seldom_and_one_with_a_lease_often()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:HeartbeatEvery", "00:00:05"));
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4], settings => settings with { Steps = 100, Width = 128, Height = 128 }));

        // The next one of an idle worker would come after 25 s.
        var start = TimeProvider.System.GetTimestamp();
        var beat = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Contains(lease.AttemptId));
        Assert.InRange(TimeProvider.System.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(20));
        Assert.Equal(2, beat.Sequence);
        Assert.Equal(["idle"], bench.Coordinator.Of<WorkerHeartbeat>()[0].Slots!.Select(slot => slot.State));
    }

    [Fact]
    public async Task A_worker_that_is_asked_to_drain_says_why_hands_back_what_waits_and_goes_on_when_it_may()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:HeartbeatEvery", "00:00:05"), ("Worker:BatchSize", "2"));
        var running = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14], settings => settings with { Steps = 40, Width = 128, Height = 128 }));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        await bench.SendAsync(new DrainRequested(bench.Me.Name, bench.Me.Epoch - 1, "meant for an earlier process"));
        await bench.SendAsync(new DrainRequested(bench.Me.Name, bench.Me.Epoch, "A new disk goes in."));
        var draining = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.IsDraining);
        Assert.Equal("A new disk goes in.", draining.DrainReason);
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((running.AttemptId, AttemptOutcome.Released, null, "A new disk goes in."), (ended.AttemptId, ended.Outcome, ended.ErrorClass, ended.Message));
        Assert.NotEmpty(bench.Coordinator.Rendered(running.AttemptId));
        Assert.Contains("A new disk goes in.", (await bench.HealthAsync()).Entries[WorkerHost.HealthCheck].Description, StringComparison.Ordinal);
        var refused = await bench.OfferAsync(bench.Lease([8]));
        await bench.Coordinator.FirstAsync<LeaseEnded>(message => message.AttemptId == refused.AttemptId);

        await bench.SendAsync(new ResumeRequested(bench.Me.Name, bench.Me.Epoch));
        var ready = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Sequence > draining.Sequence && !beat.IsDraining);
        Assert.Null(ready.DrainReason);
        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
    }

    [Fact]
    public async Task A_worker_whose_store_is_away_at_the_start_waits_for_it_and_says_so()
    {
        await using var bench = await WorkerBench.StartAsync(isStoreAway: true);
        await bench.Coordinator.UntilAsync(() => bench.HealthAsync().Result.Entries[WorkerHost.HealthCheck].Description?.Contains("The test took the store away.", StringComparison.Ordinal) == true ? "" : null, "health that names the store");
        Assert.Empty(bench.Coordinator.Of<WorkerJoined>());
        bench.Store.IsAway = false;
        await bench.Coordinator.FirstAsync<WorkerJoined>();
        await bench.Coordinator.UntilAsync(() => bench.HealthAsync().Result.Status == HealthStatus.Healthy ? "" : null, "healthy worker");
    }
}
