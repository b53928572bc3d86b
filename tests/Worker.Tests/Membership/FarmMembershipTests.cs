using Microsoft.Extensions.Diagnostics.HealthChecks;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Membership;

public sealed class FarmMembershipTests
{
    [Fact]
    public async Task A_worker_joins_with_what_it_can_render_and_what_it_cannot()
    {
        using var models = new ModelCopies();
        models.Add("good");
        models.AddWithoutUnet("bad");
        Directory.CreateDirectory(Path.Combine(models.Path, "not-a-model"));
        await using var bench = await WorkerBench.StartAsync(("Worker:Models", models.Path), ("Worker:Slots", "2"), ("Worker:MemoryBudgetMiB", "300"));
        var joined = bench.Coordinator.Of<WorkerJoined>()[0];
        Assert.Equal(("bench", bench.Me.Epoch, "cpu", 2, 3, 4, 300L << 20), (joined.Worker, joined.Epoch, joined.Device, joined.Slots, joined.Window, joined.BatchSize, joined.MemoryBytes));
        Assert.Equal(["bad", "good"], joined.Models.Select(model => model.Name));
        Assert.Contains("unet", joined.Models[0].Problem, StringComparison.Ordinal);
        Assert.Null(joined.Models[0].Digest);
        Assert.Equal((null, 128, 128), (joined.Models[1].Problem, joined.Models[1].DefaultWidth, joined.Models[1].DefaultHeight));
        Assert.Matches("^[0-9a-f]{64}$", joined.Models[1].Digest);
        Assert.True(joined.Models[1].Bytes > 1 << 20);
    }

    [Fact]
    public async Task A_worker_that_is_not_known_joins_again()
    {
        await using var bench = await WorkerBench.StartAsync();
        await bench.SendAsync(new RejoinRequested(bench.Me.Name, bench.Me.Epoch));
        await bench.Coordinator.UntilAsync(() => bench.Coordinator.Of<WorkerJoined>().Count == 2 ? "" : null, "second join");
        var joins = bench.Coordinator.Of<WorkerJoined>();
        Assert.Equal(joins[0].Models, joins[1].Models);
        Assert.Equal(joins[0].Epoch, joins[1].Epoch);
    }

    [Fact]
    public async Task Heartbeats_are_numbered_without_gap()
    {
        await using var bench = await WorkerBench.StartAsync();
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Sequence == 3);
        Assert.Equal([1, 2, 3], bench.Coordinator.Of<WorkerHeartbeat>().Select(beat => beat.Sequence).Order().Take(3));
    }

    [Fact]
    public async Task A_worker_is_ready_from_its_join_to_its_drain()
    {
        await using var bench = await WorkerBench.StartAsync();
        Assert.Equal(HealthStatus.Healthy, (await bench.HealthAsync()).Status);
        await bench.StopAsync();
        var stopped = await bench.HealthAsync();
        Assert.Equal(HealthStatus.Unhealthy, stopped.Status);
        Assert.Contains("draining", stopped.Entries[WorkerHost.HealthCheck].Description, StringComparison.Ordinal);
    }
}
