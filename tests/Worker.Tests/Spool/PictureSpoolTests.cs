using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Spool;

public sealed class PictureSpoolTests
{
    [Fact]
    public async Task What_a_power_cut_leaves_is_reported_by_the_next_process_with_its_old_attempt_and_fence()
    {
        await using var cut = await WorkerBench.StartAsync();
        cut.Store.IsAway = true;
        var lease = await cut.OfferAsync(cut.Lease([-4, 5, 6]));
        await cut.Coordinator.UntilAsync(() => cut.SpooledPictures.Count == 3 ? "" : null, "spooled pictures");
        using var left = cut.CopySpool();
        cut.Store.IsAway = false;
        await cut.Coordinator.RenderedAsync(lease.AttemptId, 3);

        await using var next = await WorkerBench.StartAsync(("Worker:Spool", left.Path), ("Worker:Name", "next"));
        await next.Coordinator.RenderedAsync(lease.AttemptId, 3);
        Assert.Equal(cut.Coordinator.Rendered(lease.AttemptId), next.Coordinator.Rendered(lease.AttemptId));
        Assert.All(
            next.Coordinator.Of<FramesRendered>(),
            report => Assert.Equal(("next", next.Me.Epoch, lease.JobId, lease.Fence), (report.Worker, report.Epoch, report.JobId, report.Fence)));
        Assert.Equal((await cut.KeysAsync()).Order(), (await next.KeysAsync()).Order());
        await next.Coordinator.UntilAsync(() => next.SpooledFiles.Count == 0 ? "" : null, "empty spool");
    }

    [Fact]
    public async Task The_pictures_of_an_earlier_process_are_answered_before_the_worker_joins()
    {
        using var left = await LeaveAsync([1, 2, 3, 4]);
        await using var next = await WorkerBench.StartAsync(("Worker:Spool", left.Path));
        var messages = next.Coordinator.Messages.ToList();
        Assert.Equal(4, messages.TakeWhile(message => message is not WorkerJoined).OfType<FramesRendered>().SelectMany(report => report.Frames).Count());
    }

    [Fact]
    public async Task A_damaged_picture_is_put_aside_and_the_others_are_reported()
    {
        using var left = await LeaveAsync([1, 2, 3]);
        var damaged = Directory.GetFiles(left.Path, "*.png", SearchOption.AllDirectories).Order().First();
        var bytes = await File.ReadAllBytesAsync(damaged, TestContext.Current.CancellationToken);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(damaged, bytes, TestContext.Current.CancellationToken);

        await using var next = await WorkerBench.StartAsync(("Worker:Spool", left.Path));
        await next.Coordinator.UntilAsync(() => next.SpooledPictures.All(IsAside) ? "" : null, "drained spool");
        Assert.Equal(2, next.Coordinator.Of<FramesRendered>().SelectMany(report => report.Frames).Count());
        Assert.Equal(Path.GetFileName(damaged), Path.GetFileName(Assert.Single(next.SpooledFiles, IsAside)));
    }

    [Fact]
    public async Task Objects_of_an_earlier_process_that_are_refused_are_deleted()
    {
        using var left = await LeaveAsync([1, 2]);
        await using var next = await WorkerBench.StartAsync(isStoreAway: true, ("Worker:Spool", left.Path));
        next.Coordinator.Answer = report => new FramesCommitted(report.AttemptId, [], [.. report.Frames.Select(frame => frame.Index)]);
        next.Store.IsAway = false;
        await next.Coordinator.FirstAsync<FramesRendered>();
        await next.Coordinator.UntilAsync(() => next.SpooledFiles.Count == 0 ? "" : null, "empty spool");
        Assert.Empty(await next.KeysAsync());
    }

    [Fact]
    public async Task A_picture_that_is_damaged_while_it_waits_blames_nobody()
    {
        await using var bench = await WorkerBench.StartAsync();
        bench.Store.IsAway = true;
        var lease = await bench.OfferAsync(bench.Lease([1, 2]));
        await bench.Coordinator.UntilAsync(() => bench.SpooledPictures.Count == 2 ? "" : null, "spooled pictures");
        await File.AppendAllTextAsync(bench.SpooledPictures.Order().First(), "torn", TestContext.Current.CancellationToken);
        bench.Store.IsAway = false;
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((lease.AttemptId, ErrorClass.Infrastructure, 0), (ended.AttemptId, ended.ErrorClass, ended.Failed.Count));
        Assert.Single(bench.Coordinator.Rendered(lease.AttemptId));
    }

    [Fact]
    public async Task A_worker_that_stops_during_an_outage_keeps_its_pictures_for_the_next_start()
    {
        using var spool = new TemporaryFolder();
        LeaseOffered lease;
        await using (var stopped = await WorkerBench.StartAsync(("Worker:Spool", spool.Path), ("Worker:DrainTimeout", "00:00:10")))
        {
            stopped.Store.IsAway = true;
            lease = await stopped.OfferAsync(stopped.Lease([1, 2, 3]));
            await stopped.Coordinator.UntilAsync(() => stopped.SpooledPictures.Count == 3 ? "" : null, "spooled pictures");
            await stopped.StopAsync();
            var ended = Assert.Single(stopped.Coordinator.Of<LeaseEnded>());
            Assert.Equal((lease.AttemptId, AttemptOutcome.Released, null), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
            Assert.Empty(stopped.Coordinator.Rendered(lease.AttemptId));
        }

        await using var next = await WorkerBench.StartAsync(("Worker:Spool", spool.Path));
        await next.Coordinator.RenderedAsync(lease.AttemptId, 3);
    }

    [Fact]
    public async Task A_spool_that_is_removed_under_the_worker_ends_its_leases_and_drains_it()
    {
        using var folder = new TemporaryFolder();
        await using var bench = await WorkerBench.StartAsync(("Worker:Spool", folder.File("spool")));
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6, 7, 8], settings => settings with { Steps = 40 }));
        await bench.Coordinator.FirstAsync<StepProgressed>();
        Directory.Delete(folder.File("spool"), recursive: true);

        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((lease.AttemptId, ErrorClass.Infrastructure), (ended.AttemptId, ended.ErrorClass));
        var draining = await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.IsDraining && beat.Attempts.Count == 0);
        Assert.Contains("Worker:Spool", draining.DrainReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_cannot_be_taken_over_is_named_and_keeps_no_worker_from_joining()
    {
        using var spool = new TemporaryFolder();
        var other = Directory.CreateDirectory(spool.File("another-user's")).FullName;
        // As one that this user may not open.
        Directory.CreateDirectory(Path.Combine(other, "lock"));

        await using var bench = await WorkerBench.StartAsync(("Worker:Spool", spool.Path));

        var lease = await bench.OfferAsync(bench.Lease([1]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 1);
        Assert.Single(bench.Log.Lines, line => line.Contains($"{other} may hold pictures of an ended process", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_used_is_named()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("file"), "", TestContext.Current.CancellationToken);
        var wrong = await Assert.ThrowsAsync<SpoolException>(() => WorkerBench.StartAsync(("Worker:Spool", folder.File("file"))));
        Assert.Contains("Worker:Spool (RENDERFARM__Worker__Spool)", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("Allowed:", wrong.Message, StringComparison.Ordinal);
    }

    private static bool IsAside(string file) => Path.GetFileName(Path.GetDirectoryName(file)) == "damaged";

    /// <summary>What a process leaves that had rendered these frames while the store was away.</summary>
    private static async Task<TemporaryFolder> LeaveAsync(IReadOnlyList<long> seeds)
    {
        await using var cut = await WorkerBench.StartAsync(("Worker:DrainTimeout", "00:00:01"));
        cut.Store.IsAway = true;
        await cut.OfferAsync(cut.Lease(seeds));
        await cut.Coordinator.UntilAsync(() => cut.SpooledPictures.Count == seeds.Count ? "" : null, "spooled pictures");
        return cut.CopySpool();
    }
}
