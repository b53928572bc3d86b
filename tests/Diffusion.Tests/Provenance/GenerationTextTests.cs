using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Provenance;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Provenance;

public sealed class GenerationTextTests
{
    private static readonly ModelFolder Emoji = ModelFolder.Open(GoldenFolder.EmojiModel, verifyDigest: false);

    [Fact]
    public void Settings_are_written_in_the_order_that_webui_has()
    {
        var request = new ImageRequest
        {
            Prompt = "a pizza,\non blue",
            NegativePrompt = "small: yes",
            Steps = 12,
            Guidance = 7.5,
            Sampler = SamplerNames.DpmPlusPlus2M,
            Schedule = ScheduleNames.Karras,
            Seed = 42,
            Width = 192,
            ClipSkip = 1,
        };

        Assert.Equal(
            $"a pizza,\non blue\nNegative prompt: small: yes\nSteps: 12, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 42, Size: 192x128, Model hash: {Emoji.Digest[..10]}, Model: emoji, Clip skip: 2, RNG: CPU, Prompt syntax: literal, Diffusers sampler: dpm++2m, Version: RenderFarm 0.1.0",
            GenerationText.For(request, Emoji));
    }

    [Fact]
    public void What_is_not_set_is_not_written()
    {
        var text = GenerationText.For(new ImageRequest { Prompt = "a dog", Sampler = SamplerNames.EulerAncestral, Seed = 1 }, Emoji);

        Assert.StartsWith("a dog\nSteps: 20, Sampler: Euler a, Schedule type: Uniform, CFG scale: 7, Seed: 1, Size: 128x128, ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Negative", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Clip skip", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(" spaced")]
    [InlineData("\"quoted\"")]
    [InlineData("\u0001\t, \u2028🍕\\")]
    [InlineData("")]
    public void A_value_that_would_be_changed_on_the_way_is_kept(string value)
    {
        var request = new ImageRequest { Prompt = "a dog", Prompt2 = value };

        Assert.Equal(value, GenerationText.Parse(GenerationText.For(request, Emoji)).ToRequest().Prompt2);
    }
}
