using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Commits;

public sealed class FrameCommitsTests
{
    [Fact]
    public async Task Refused_frames_are_removed_from_the_store_and_the_others_stay()
    {
        await using var bench = await WorkerBench.StartAsync();
        bench.Coordinator.Answer = message => new FramesCommitted(
            message.AttemptId,
            [.. message.Frames.Where(frame => frame.Index % 2 == 0).Select(frame => frame.Index)],
            [.. message.Frames.Where(frame => frame.Index % 2 == 1).Select(frame => frame.Index)]);
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 4);
        var frames = bench.Coordinator.Rendered(lease.AttemptId);
        var expected = frames.Where(frame => frame.Index % 2 == 0).Select(frame => frame.ArtifactKey).Order();
        await bench.Coordinator.UntilAsync(() => bench.KeysAsync().Result.Order().SequenceEqual(expected) ? "" : null, "removal of the refused frames");
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
    }

    [Fact]
    public async Task A_report_that_is_not_answered_is_repeated_with_the_same_frames()
    {
        await using var bench = await WorkerBench.StartAsync();
        var reports = 0;
        bench.Coordinator.Answer = message => Interlocked.Increment(ref reports) == 1 ? null : new FramesCommitted(message.AttemptId, [.. message.Frames.Select(frame => frame.Index)], []);
        var lease = await bench.OfferAsync(bench.Lease([1, 2]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 2);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Contains(lease.AttemptId) && beat.WarmModels.Count == 1);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);

        var messages = bench.Coordinator.Of<FramesRendered>();
        Assert.InRange(messages.Count, 2, 5);
        Assert.Contains(messages[^1].Frames, frame => messages[0].Frames.Contains(frame));
        Assert.Equal(2, (await bench.KeysAsync()).Count);
    }

    [Fact]
    public async Task A_reported_frame_of_a_revoked_lease_stays_until_its_answer_says_whose_it_is()
    {
        await using var bench = await WorkerBench.StartAsync();
        bench.Coordinator.Answer = _ => null;
        var lease = await bench.OfferAsync(bench.Lease([1, 2]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 2);
        await bench.SendAsync(new LeasesRevoked([lease.AttemptId], "The lease ran out."));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
        Assert.Equal(2, (await bench.KeysAsync()).Count);

        await bench.SendAsync(new FramesCommitted(lease.AttemptId, [1], [2]));
        await bench.Coordinator.UntilAsync(() => bench.KeysAsync().Result.Count == 1 ? "" : null, "removal of the refused frame");
        Assert.Equal([bench.Coordinator.Rendered(lease.AttemptId)[0].ArtifactKey], await bench.KeysAsync());
    }
}
