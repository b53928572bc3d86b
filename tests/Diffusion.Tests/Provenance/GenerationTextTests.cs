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
            $"a pizza,\non blue\nNegative prompt: small: yes\nSteps: 12, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 7.5, Seed: 42, Size: 192x128, Model hash: {Emoji.Digest[..10]}, Model: emoji, Clip skip: 2, RNG: CPU, Version: RenderFarm 0.1.0",
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
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("a\nb", "\"a\\nb\"")]
    [InlineData("é, ü", "\"é, ü\"")]
    [InlineData("say \"hi\", ok", "\"say \\\"hi\\\", ok\"")]
    public void A_value_with_a_separator_is_quoted(string value, string written) => Assert.Equal(written, GenerationText.Quote(value));
}
