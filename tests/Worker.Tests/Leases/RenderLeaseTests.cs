using System.Security.Cryptography;
using System.Text.Json;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Provenance;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Leases;

public sealed class RenderLeaseTests
{
    [Fact]
    public async Task A_lease_is_accepted_rendered_stored_and_committed_frame_by_frame()
    {
        await using var bench = await WorkerBench.StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([3, 4, 5, 6, 7, 8]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 6);

        Assert.Equal(
            new LeaseAccepted(bench.Me.Name, bench.Me.Epoch, lease.JobId, lease.AttemptId, lease.Fence),
            Assert.Single(bench.Coordinator.Of<LeaseAccepted>()));
        var frames = bench.Coordinator.Rendered(lease.AttemptId);
        foreach (var (frame, expected) in frames.Zip(lease.Frames))
        {
            Assert.Equal((expected.Index, expected.Seed, 64, 64), (frame.Index, frame.Seed, frame.Width, frame.Height));
            Assert.Equal(ArtifactKeys.For(WorkerBench.Tenant, lease.JobId, expected.Index, lease.AttemptId, "png"), frame.ArtifactKey);
            var bytes = await bench.ReadAsync(frame.ArtifactKey);
            Assert.Equal(frame.Bytes, bytes.Length);
            Assert.Equal(frame.Sha256, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            Assert.True(frame.RenderMilliseconds > 0);
        }

        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Contains("emoji") && beat.Attempts.Count == 0 && beat.ResidentBytes > 0);
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
        Assert.InRange(bench.Coordinator.Of<FramesRendered>().Count, 1, 5);
        Assert.Equal(6, (await bench.KeysAsync()).Count);
        Assert.Empty(bench.SpooledFiles);
    }

    [Fact]
    public async Task A_frame_has_the_same_bytes_alone_and_among_others()
    {
        await using var bench = await WorkerBench.StartAsync();
        var job = Guid.NewGuid();
        var together = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5], job: job));
        await bench.Coordinator.RenderedAsync(together.AttemptId, 5);
        var alone = await bench.OfferAsync(bench.Lease([3], job: job));
        await bench.Coordinator.RenderedAsync(alone.AttemptId, 1);

        var frames = bench.Coordinator.Rendered(together.AttemptId);
        Assert.Equal(frames[2].Sha256, bench.Coordinator.Rendered(alone.AttemptId)[0].Sha256);
        Assert.Equal(5, frames.Select(frame => frame.Sha256).Distinct().Count());
        Assert.NotEqual(frames[2].ArtifactKey, bench.Coordinator.Rendered(alone.AttemptId)[0].ArtifactKey);
    }

    [Fact]
    public async Task A_prompt_without_syntax_gives_the_same_bytes_in_either()
    {
        await using var bench = await WorkerBench.StartAsync();
        foreach (var syntax in PromptSyntaxNames.All)
        {
            var offer = bench.Lease([1, 2], settings => settings with { PromptSyntax = syntax });
            await bench.OfferAsync(offer with { Output = offer.Output with { Metadata = false } });
            await bench.Coordinator.RenderedAsync(offer.AttemptId, 2);
        }

        var hashes = bench.Coordinator.Of<FramesRendered>().SelectMany(message => message.Frames).GroupBy(frame => frame.Index, frame => frame.Sha256);
        Assert.All(hashes, frame => Assert.Single(frame.Distinct()));
    }

    [Fact]
    public async Task The_best_of_several_has_the_seed_and_the_bytes_of_its_own_picture()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:BatchSize", "2"));
        var best = await bench.OfferAsync(bench.Lease([10]) with { BestOf = 5 });
        await bench.Coordinator.RenderedAsync(best.AttemptId, 1);
        var kept = bench.Coordinator.Rendered(best.AttemptId)[0];
        Assert.InRange(kept.Seed, 10, 14);
        using var json = JsonDocument.Parse(PictureText.Read(await bench.ReadAsync(kept.ArtifactKey))["renderfarm"]);
        var scores = json.RootElement.GetProperty("scores").EnumerateArray().Select(score => score.GetDouble()).ToList();
        Assert.Equal(5, scores.Count);
        Assert.Equal(scores.Max(), scores[(int)(kept.Seed - 10)]);
        Assert.Equal(scores.Max(), json.RootElement.GetProperty("score").GetDouble());
        Assert.Equal(kept.Seed, json.RootElement.GetProperty("settings").GetProperty("seed").GetInt64());
    }

    [Theory]
    [InlineData("jpeg", 20)]
    [InlineData("webp", null)]
    public async Task Pictures_are_stored_in_the_format_of_the_job_with_their_settings(string format, int? quality)
    {
        await using var bench = await WorkerBench.StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([1]) with { Output = new OutputSettings { Format = format, Quality = quality } });
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 1);
        var frame = bench.Coordinator.Rendered(lease.AttemptId)[0];
        Assert.EndsWith($".{format}", frame.ArtifactKey, StringComparison.Ordinal);
        var file = await bench.ReadAsync(frame.ArtifactKey);
        Assert.True(file.AsSpan().StartsWith(format == "jpeg" ? [0xff, 0xd8, 0xff] : "RIFF"u8));
        var picture = InputImage.Decode(file);
        Assert.Equal((64, 64), (picture.Width, picture.Height));
        var texts = PictureText.Read(file);
        Assert.Contains("Seed: 1,", texts["parameters"], StringComparison.Ordinal);
        Assert.Contains("\"modelDigest\"", texts["renderfarm"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_pass_is_the_size_of_the_frame()
    {
        await using var bench = await WorkerBench.StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([1], settings => settings with { Hires = new HiresSettings { Scale = 1.5, Steps = 2 } }));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 1);
        var frame = bench.Coordinator.Rendered(lease.AttemptId)[0];
        Assert.Equal((96, 96), (frame.Width, frame.Height));
        Assert.Contains("Size: 64x64", System.Text.Encoding.Latin1.GetString(await bench.ReadAsync(frame.ArtifactKey)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_offer_that_comes_again_changes_nothing_before_and_after_its_end()
    {
        await using var bench = await WorkerBench.StartAsync();
        var lease = bench.Lease([1, 2]);
        await bench.OfferAsync(lease);
        await bench.OfferAsync(lease);
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 2);
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Attempts.Count == 0);
        await bench.OfferAsync(lease);
        var last = await bench.OfferAsync(bench.Lease([9]));
        await bench.Coordinator.RenderedAsync(last.AttemptId, 1);

        Assert.Single(bench.Coordinator.Of<LeaseAccepted>(), accepted => accepted.AttemptId == lease.AttemptId);
        Assert.Equal(2, bench.Coordinator.Of<FramesRendered>().Where(message => message.AttemptId == lease.AttemptId).Sum(message => message.Frames.Count));
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
    }

    [Fact]
    public async Task A_lease_above_the_window_is_handed_back_at_once_and_the_window_is_told_again()
    {
        await using var bench = await WorkerBench.StartAsync(("Worker:DrainTimeout", "00:00:01"));
        bench.Coordinator.Answer = _ => null;
        for (var lease = 0; lease < bench.Me.Window; lease++)
        {
            // Long enough to be still rendered when the last offer comes: what only waits for its answer makes room for another.
            await bench.OfferAsync(bench.Lease([lease], settings => settings with { Steps = 500, Width = 128, Height = 128 }));
        }

        await bench.Coordinator.UntilAsync(() => bench.Coordinator.Of<LeaseAccepted>().Count == bench.Me.Window ? "" : null, "full window");
        var above = await bench.OfferAsync(bench.Lease([9]));
        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>();
        Assert.Equal((above.AttemptId, Shared.AttemptOutcome.Released, null), (ended.AttemptId, ended.Outcome, ended.ErrorClass));
        Assert.Contains("window", ended.Message, StringComparison.Ordinal);
        Assert.Empty(ended.Failed);
        await bench.Coordinator.UntilAsync(() => bench.Coordinator.Of<WorkerJoined>().Count > 1 ? "" : null, "second join");
        Assert.All(bench.Coordinator.Of<WorkerJoined>(), joined => Assert.Equal(bench.Me.Window, joined.Window));
    }

    [Fact]
    public async Task Steps_are_announced_but_not_every_one()
    {
        await using var bench = await WorkerBench.StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([1, 2], settings => settings with { Steps = 300 }));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 2);
        var step = await bench.Coordinator.FirstAsync<StepProgressed>();
        Assert.Equal((lease.JobId, lease.AttemptId, 300), (step.JobId, step.AttemptId, step.Steps));
        Assert.Equal([1, 2], step.Frames);
        var slot = (await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Slots is [{ State: "rendering", Step: > 0 }])).Slots![0];
        Assert.Equal(("emoji", 300), (slot.Model, slot.Steps));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.WarmModels.Count == 1 && beat.Slots is [{ State: "idle", Model: null }]);
        Assert.InRange(step.Step, 1, 300);

        var took = TimeSpan.FromMilliseconds(bench.Coordinator.Rendered(lease.AttemptId).Sum(frame => frame.RenderMilliseconds + 1));
        Assert.InRange(bench.Coordinator.Of<StepProgressed>().Count, 1, 1 + (took / TimeSpan.FromMilliseconds(250)));
    }
}
