using System.Security.Cryptography;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

public sealed class SimulatedWorkerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Simulated_workers_of_one_process_join_render_store_commit_and_leave_as_real_ones_do()
    {
        await using var farm = await ServerTestFarm.StartAsync(coordinators: 1, workers: 0, Cancellation);
        await using var process = farm.StartProgram("simulate", "--workers", "6", "--frame-time", "20ms", "--jitter", "--batch-size", "2", "--upload", "--name-prefix", "gpu");
        await Eventually.IsAsync(
            () => farm.Client.WorkersAsync(Cancellation),
            workers => workers.Count(x => x.State == WorkerState.Ready) == 6, Patience, () => farm.Log + process.Output, Cancellation);

        var job = await farm.Client.SubmitAsync(RenderTests.Pizza(60), cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Patience, Cancellation);
        // Their next heartbeats tell; those of idle workers come every ten seconds.
        await Eventually.IsAsync(
            () => farm.Client.WorkersAsync(Cancellation),
            workers => workers.Any(worker => worker.Rendered > 0) && workers.All(worker => worker.WarmModels is ["emoji"] || worker.Rendered == 0), Patience, () => farm.Log + process.Output, Cancellation);
        var frames = new List<FrameView>();
        await foreach (var frame in farm.Client.FramesAsync(job.Id, cancellationToken: Cancellation))
        {
            using var image = new MemoryStream();
            await farm.Client.DownloadImageAsync(job.Id, frame.Index, image, Cancellation);
            Assert.Equal(frame.Sha256, Convert.ToHexStringLower(SHA256.HashData(image.ToArray())));
            frames.Add(frame);
        }

        Assert.Equal(60, frames.Count);
        process.Terminate();
        Assert.Equal(0, await process.ExitAsync(Patience, Cancellation));
        await Eventually.IsAsync(
            () => farm.Client.WorkersAsync(Cancellation),
            workers => workers.All(x => x.State == WorkerState.Gone), Patience, () => farm.Log + process.Output, Cancellation);
        await farm.AuditAsync(Cancellation);
    }
}
