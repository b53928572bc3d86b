using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Uploads;

public sealed class StoreOutageTests
{
    [Fact]
    public async Task A_store_that_goes_away_and_comes_back_loses_nothing_and_blames_nobody()
    {
        await using var bench = await WorkerBench.StartAsync();
        bench.Store.IsAway = true;
        var first = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6]));
        var second = await bench.OfferAsync(bench.Lease([7, 8]));
        await bench.Coordinator.UntilAsync(() => bench.SpooledPictures.Count == 8 && bench.Store.RefusedWrites > 8 ? "" : null, "refused writes");
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 2);
        Assert.Empty(bench.Coordinator.Of<FramesRendered>());

        bench.Store.IsAway = false;
        await bench.Coordinator.RenderedAsync(first.AttemptId, 6);
        await bench.Coordinator.RenderedAsync(second.AttemptId, 2);
        Assert.Equal(8, (await bench.KeysAsync()).Count);
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
        await bench.Coordinator.UntilAsync(() => bench.SpooledFiles.Count == 0 ? "" : null, "empty spool");
    }

    [Fact]
    public async Task A_lease_revoked_while_the_store_is_away_is_not_stored_later()
    {
        await using var bench = await WorkerBench.StartAsync();
        bench.Store.IsAway = true;
        var revoked = await bench.OfferAsync(bench.Lease([1, 2]));
        await bench.Coordinator.UntilAsync(() => bench.Store.RefusedWrites >= 2 ? "" : null, "refused writes");
        await bench.SendAsync(new LeasesRevoked([revoked.AttemptId], "The job was cancelled."));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
        bench.Store.IsAway = false;

        var next = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
        Assert.Equal([bench.Coordinator.Rendered(next.AttemptId)[0].ArtifactKey], await bench.KeysAsync());
    }

    [Fact]
    public async Task A_lease_that_ran_out_while_the_store_was_away_is_reported_all_the_same()
    {
        await using var bench = await WorkerBench.StartAsync();
        bench.Store.IsAway = true;
        var late = await bench.OfferAsync(bench.Lease([1, 2]));
        await bench.Coordinator.UntilAsync(() => bench.SpooledPictures.Count == 2 ? "" : null, "spooled pictures");
        await bench.SendAsync(new LeasesRevoked([late.AttemptId], "The ledger no longer has these leases.", MayCommit: true));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
        bench.Store.IsAway = false;
        await bench.Coordinator.RenderedAsync(late.AttemptId, 2);
    }
}
