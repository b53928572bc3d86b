using System.Globalization;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Pipelines;

public sealed class WarmPipelinesTests
{
    [Fact]
    public async Task The_pipeline_unused_for_longest_makes_room_within_the_budget()
    {
        using var models = new ModelCopies();
        foreach (var name in new[] { "one", "two", "three" })
        {
            models.Add(name);
        }

        var budget = BytesOfModel() * 5 / 2 >> 20;
        await using var bench = await WorkerBench.StartAsync(("Worker:Models", models.Path), ("Worker:MemoryBudgetMiB", budget.ToString(CultureInfo.InvariantCulture)));
        foreach (var (model, warm) in new[] { ("one", "one"), ("two", "one two"), ("one", "two one"), ("three", "one three"), ("two", "three two") })
        {
            var lease = await bench.OfferAsync(bench.Lease([1], model: model));
            await bench.Coordinator.RenderedAsync(lease.AttemptId, 1);
            var beat = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Count == 0 && string.Join(' ', beat.WarmModels) == warm);
            Assert.InRange(beat.ResidentBytes, 1, budget << 20);
        }
    }

    [Fact]
    public async Task A_model_that_does_not_fit_even_alone_is_the_workers_fault_and_names_the_setting()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:MemoryBudgetMiB", "1"), ("Worker:BatchSize", "2"));
        await bench.OfferAsync(bench.Lease([1, 2, 3, 4]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Worker), (ended.Outcome, ended.ErrorClass));
        Assert.Contains("Worker:MemoryBudgetMiB", ended.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2], ended.Struck);
    }

    [Fact]
    public async Task Two_slots_share_one_pipeline_of_a_model()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:Slots", "2"), ("Worker:BatchSize", "1"), ("Worker:MemoryBudgetMiB", (BytesOfModel() * 3 / 2 >> 20).ToString(CultureInfo.InvariantCulture)));
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 4);
        var beat = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Count == 0 && beat.WarmModels.Count == 1);
        Assert.Equal(bench.Model().Bytes, beat.ResidentBytes);
    }

    [Fact]
    public async Task A_model_that_changed_on_disk_is_not_rendered_with()
    {
        using var models = new ModelCopies();
        var folder = models.Add("emoji");
        await using var bench = await WorkerBench.StartAsync(("Worker:Models", models.Path));
        await File.AppendAllTextAsync(Path.Combine(folder, "unet", "config.json"), "\n", TestContext.Current.CancellationToken);
        File.Delete(Path.Combine(folder, "SHA256SUMS"));
        await bench.OfferAsync(bench.Lease([1]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Worker), (ended.Outcome, ended.ErrorClass));
        Assert.Contains("changed on disk", ended.Message, StringComparison.Ordinal);
    }

    private static long BytesOfModel() => Diffusion.Models.ModelFolder.Open(Path.Combine(WorkerBench.Models, "emoji"), verifyDigest: false).WeightBytes;
}
