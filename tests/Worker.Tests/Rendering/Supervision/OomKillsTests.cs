using System.Globalization;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Rendering.Supervision;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Rendering.Supervision;

public sealed class OomKillsTests
{
    private const string Root = "/sys/fs/cgroup";
    private const int RoomBytes = 8 << 20;

    [Fact]
    public async Task A_process_that_the_kernel_kills_for_want_of_memory_ran_out_of_memory()
    {
        var folder = Path.Combine(Directory.Exists($"{Root}/memory") ? $"{Root}/memory" : Root, $"renderfarm-test-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            Assert.Skip($"Control groups cannot be made here: {ex.Message}");
        }

        try
        {
            var limit = Path.Combine(folder, File.Exists(Path.Combine(folder, "memory.max")) ? "memory.max" : "memory.limit_in_bytes");
            Assert.SkipUnless(File.Exists(limit), "There is no memory controller here.");
            await File.WriteAllTextAsync(limit, RoomBytes.ToString(CultureInfo.InvariantCulture), TestContext.Current.CancellationToken);
            await using var bench = await WorkerBench.StartIsolatedAsync(WorkerBench.Program);
            await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Slots is [{ State: "idle" }]);
            var process = bench.Log.RenderProcesses()[0];
            await File.WriteAllTextAsync(Path.Combine(folder, "cgroup.procs"), process.ToString(CultureInfo.InvariantCulture), TestContext.Current.CancellationToken);

            // Its weights alone are more than the group may have.
            await bench.OfferAsync(bench.Lease([1, 2]));
            var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
            Assert.Equal((AttemptOutcome.OutOfMemory, ErrorClass.OutOfMemory), (ended.Outcome, ended.ErrorClass));
            Assert.Equal([1, 2], ended.Struck);
            Assert.Contains("was killed by the kernel because memory ran out", ended.Message, StringComparison.Ordinal);

            var next = await bench.OfferAsync(bench.Lease([3]));
            await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }

    [Fact]
    public void A_process_that_is_gone_has_no_count() => Assert.False(OomKills.Of(int.MaxValue).HaveRisen);
}
