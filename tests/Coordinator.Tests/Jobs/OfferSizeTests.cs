using System.Text.Json;
using MassTransit.Serialization;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Jobs;

public sealed class OfferSizeTests
{
    private const int Envelope = 64 * 1024;
    private const int Headers = 2 * 1024;

    private static readonly RenderSettings Longest = new()
    {
        NegativePrompt = new string('界', RenderLimits.MaxPromptLength),
        Width = RenderLimits.MaxSize,
        Height = RenderLimits.MaxSize,
        Seed = long.MaxValue - 1000,
        Sampler = "DPM++ 2M SDE Heun",
        Schedule = "Align Your Steps",
        VariationSeed = long.MaxValue,
        VariationStrength = Math.PI / 4,
        Hires = new HiresSettings { Upscaler = "Latent (bicubic antialiased)", Width = 1024, Height = 1024, Sampler = "DPM++ 2M SDE Heun", Schedule = "Align Your Steps" },
        Loras = [.. Enumerable.Range(0, RenderLimits.MaxLoras).Select(_ => new LoraSettings { Name = new string('界', RenderLimits.MaxLoraNameLength), Weight = -Math.PI })],
    };

    [Theory]
    [InlineData('a', 10, 1)]
    [InlineData('a', 4000, 1)]
    [InlineData('界', 4000, 1)]
    [InlineData('界', 4000, 3)]
    [InlineData('界', 200, 1)]
    [InlineData('"', 4000, 2)]
    public void The_largest_offer_stays_within_64_KiB(char letter, int length, int count)
    {
        var prompts = Enumerable.Range(0, 100).Select(_ => new string(letter, length)).ToList();
        var frames = OfferSize.For(prompts, count);
        // The worst range starts at the last frame of a prompt.
        var distinct = ((frames + count - 2) / count) + 1;
        var offer = new LeaseOffered(
            Guid.NewGuid(), long.MaxValue, Guid.NewGuid(), "default", "emoji", new string('0', 64),
            Longest, new OutputSettings { Format = "jpeg", Quality = 100 },
            [.. prompts.Take(Math.Min(distinct, frames))],
            [.. Enumerable.Range(0, frames).Select(x => new LeasedFrame(99_999_000 + x, long.MaxValue - 1000 + x, x))],
            RenderLimits.MaxBestOf);
        Assert.InRange(JsonSerializer.SerializeToUtf8Bytes(offer, SystemTextJsonMessageSerializer.Options).Length + Headers, 1, Envelope);
    }

    [Fact]
    public void A_single_prompt_or_short_ones_allow_a_full_offer()
    {
        Assert.Equal(OfferSize.MaxFrames, OfferSize.For([], 1_000_000));
        Assert.Equal(OfferSize.MaxFrames, OfferSize.For(["a dog", "a cat"], 1));
    }
}
