using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Models;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;
using RenderFarm.Worker.Pipelines;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Rendering;

public sealed class PipelineRendererTests
{
    private const int Steps = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rows_that_are_still_being_written_keep_their_pictures_when_the_others_of_their_batch_are_stopped()
    {
        using var folder = new TemporaryFolder();
        string[] files = [Path.Combine(folder.Path, "0.png"), Path.Combine(folder.Path, "1.png")];

        // Who writes to a pipe waits until somebody reads.
        var pipe = files[0] + ".part";
        using (var made = Process.Start("mkfifo", [pipe]))
        {
            await made.WaitForExitAsync(Token);
            Assert.Equal(0, made.ExitCode);
        }

        var settings = new PipelineSettings(WorkerBench.Models, folder.Path, null, 0, "cpu", 0, 4, 1, 1, 1L << 30, null);
        using var pipelines = new WarmPipelines(settings, NullLogger<WarmPipelines>.Instance);
        var renderer = new PipelineRenderer(pipelines, settings, TimeProvider.System, new SlotBoard(1));
        var digest = ModelFolder.Open(GoldenFolder.EmojiModel, verifyDigest: false, Token).Digest;
        var offers = new[] { 64, 128 }.Select(width => Offer(digest, width)).ToList();
        var work = new RenderWork("emoji", digest, 1 << 20, offers, [.. files.Select((file, row) => new RenderRow(row, offers[row].Frames[0], file))]);
        using var stop = new CancellationTokenSource();
        var (rows, steps) = (new KeptRows(), new StopsAfter(Steps + 1, stop));

        await renderer.RenderAsync(0, work, steps, rows, stop.Token);
        Assert.Equal([new RowResult(1, null, RowFault.Stopped)], rows.Results);

        // The writer locks the file, which .NET's own readers do too; whoever comes second would be refused.
        using var picture = new MemoryStream();
        using (var reader = Process.Start(new ProcessStartInfo("cat", [pipe]) { RedirectStandardOutput = true })!)
        {
            await reader.StandardOutput.BaseStream.CopyToAsync(picture, Token);
        }

        await renderer.WrittenAsync().WaitAsync(TimeSpan.FromMinutes(1), Token);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(picture.ToArray())), rows.Results.Single(result => result.Row == 0).Picture?.Sha256);
    }

    private static LeaseOffered Offer(string digest, int width) => new(
        Guid.NewGuid(), 1, Guid.NewGuid(), WorkerBench.Tenant, "emoji", digest, new RenderSettings { Steps = Steps, Width = width, Height = 64 }, new OutputSettings(),
        ["a pizza"], [new LeasedFrame(0, 7, 0)]);

    private sealed class KeptRows : IProgress<RowResult>
    {
        public ConcurrentQueue<RowResult> Results { get; } = [];

        public void Report(RowResult value) => Results.Enqueue(value);
    }

    private sealed class StopsAfter(int steps, CancellationTokenSource stop) : IProgress<StepProgress>
    {
        private int _steps;

        public void Report(StepProgress value)
        {
            if (++_steps == steps)
            {
                stop.Cancel();
            }
        }
    }
}
