using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Spool;

public sealed class SpoolRoomTests
{
    [Theory]
    [InlineData(99, false, false)]
    [InlineData(100, false, true)]
    [InlineData(75, true, true)]
    [InlineData(74, true, false)]
    public void A_full_spool_has_room_again_when_a_quarter_is_gone(long bytes, bool wasFull, bool isFull) => Assert.Equal(isFull, SpoolRoom.IsFull(bytes, 100, wasFull));

    [Theory]
    [InlineData(100, false, false)]
    [InlineData(99, false, true)]
    [InlineData(124, true, true)]
    [InlineData(125, true, false)]
    public void A_full_disk_has_room_again_when_there_is_a_quarter_more_than_it_must_keep(long free, bool wasShort, bool isShort) => Assert.Equal(isShort, SpoolRoom.IsShort(free, 100, wasShort));

    [Fact]
    public async Task A_worker_renders_on_while_the_store_is_away_until_its_spool_is_full_and_goes_on_when_it_is_back()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:SpoolMiB", "1"));
        await FillAsync(bench, 920 << 10);
        var offers = new List<LeaseOffered>();
        while (!bench.Coordinator.Of<WorkerHeartbeat>().Any(beat => beat.StoreIsAway))
        {
            // More leases than the window: those that only wait for the store do not count.
            var offer = await bench.OfferAsync(Small(bench, 4));
            offers.Add(offer);
            await bench.Coordinator.UntilAsync(
                () => bench.SpooledPictures.Count(picture => SpooledPicture.AttemptOf(picture) == offer.AttemptId) == 4 || bench.Coordinator.Of<LeaseEnded>().Count > 0 ? "" : null, "rendered lease");
            if (bench.Coordinator.Of<LeaseEnded>().Count > 0)
            {
                await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.StoreIsAway);
            }
        }

        Assert.True(offers.Count > bench.Me.Window);
        await bench.Coordinator.FirstAsync<WorkerJoined>(joined => joined.Window > bench.Me.Window);
        Assert.True(bench.Coordinator.Of<WorkerHeartbeat>()[^1].SpoolBytes >= 1 << 20);
        Assert.False(bench.Coordinator.Of<WorkerHeartbeat>()[^1].IsDraining);
        Assert.NotEqual("Healthy", (await bench.HealthAsync()).Status.ToString());
        var refused = await bench.OfferAsync(bench.Lease([9]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>(message => message.AttemptId == refused.AttemptId);
        Assert.Equal((AttemptOutcome.Released, null), (ended.Outcome, ended.ErrorClass));
        Assert.Contains("Worker:SpoolMiB", ended.Message, StringComparison.Ordinal);

        bench.Store.IsAway = false;
        foreach (var offer in offers.Where(offer => bench.Coordinator.Of<LeaseEnded>().All(message => message.AttemptId != offer.AttemptId)))
        {
            await bench.Coordinator.RenderedAsync(offer.AttemptId, 4);
        }

        await bench.Coordinator.UntilAsync(() => bench.Coordinator.Of<WorkerHeartbeat>()[^1] is { StoreIsAway: false, SpoolBytes: 0, Attempts.Count: 0 } ? "" : null, "heartbeat of an empty spool");
        // A heartbeat overtakes a join that was posted before it, and the last mark goes after the last picture.
        await bench.Coordinator.UntilAsync(() => bench.Coordinator.Of<WorkerJoined>()[^1].Window == bench.Me.Window ? "" : null, "join with the usual window");
        await bench.Coordinator.UntilAsync(() => bench.SpooledFiles.Count == 0 ? "" : null, "empty spool");
        var next = await bench.OfferAsync(bench.Lease([10]));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
    }

    [Fact]
    public async Task A_spool_that_fills_up_hands_back_what_waits_and_keeps_what_is_rendered()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:SpoolMiB", "1"));
        await FillAsync(bench, 960 << 10);
        var long64 = await bench.OfferAsync(Small(bench, 64));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((long64.AttemptId, AttemptOutcome.Released, null), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat is { StoreIsAway: true, Attempts.Count: 0 });
        var pictures = bench.SpooledPictures.Count - 1;
        Assert.InRange(pictures, 1, 63);

        bench.Store.IsAway = false;
        await bench.Coordinator.RenderedAsync(long64.AttemptId, pictures);
        await bench.Coordinator.UntilAsync(() => bench.SpooledFiles.Count == 0 ? "" : null, "empty spool");
    }

    [Fact]
    public async Task A_disk_without_room_drains_the_worker_and_room_brings_it_back()
    {
        await using var bench = await WorkerBench.StartAsync();
        var running = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21], settings => settings with { Steps = 40, Width = 128, Height = 128 }));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        bench.FreeBytes = 255L << 20;
        var draining = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.IsDraining);
        Assert.Contains("Worker:SpoolFreeMiB is 256", draining.DrainReason, StringComparison.Ordinal);
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((running.AttemptId, AttemptOutcome.Released, null), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        Assert.NotEmpty(bench.Coordinator.Rendered(running.AttemptId));

        bench.FreeBytes = 1L << 30;
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => !beat.IsDraining && beat.Sequence > draining.Sequence);
        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
    }

    /// <summary>Takes the store away and leaves little room in the spool.</summary>
    private static async Task FillAsync(WorkerBench bench, int bytes)
    {
        bench.Store.IsAway = true;
        bench.LeaveBehind(bytes);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.SpoolBytes >= bytes);
    }

    private static LeaseOffered Small(WorkerBench bench, int frames) =>
        bench.Lease([.. Enumerable.Range(0, frames).Select(seed => (long)seed)], settings => settings with { Steps = 1 });
}
