using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

/// <summary>No row goes through the UNet that a picture does not need.</summary>
public sealed class UnetRowTests
{
    private static readonly ImageRequest Picture = new() { Prompt = "a dog", Sampler = SamplerNames.Euler, Steps = 6 };

    public static TheoryData<string, long> Cases => new()
    {
        { "guided: each step with the prompt and without", 12 },
        { "not guided: each step once", 6 },
        { "a sampler of second order: each step twice but for the last", 22 },
        { "from a picture at half strength: half of the steps", 6 },
        { "rows that differ: each its own", 6 + 12 + 4 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void As_many_rows_are_evaluated_as_the_pictures_need(string what, long rows)
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.EmojiModel, new PipelineOptions { VerifyDigest = false });
        ImageRequest[] batch = what[..what.IndexOf(':', StringComparison.Ordinal)] switch
        {
            "guided" => [Picture],
            "not guided" => [Picture with { Guidance = 1 }],
            "a sampler of second order" => [Picture with { Sampler = SamplerNames.Heun }],
            "from a picture at half strength" => [Picture with { Start = new StartImage { Image = new InputImage(128, 128, new byte[128 * 128 * 3]), Strength = 0.5 } }],
            _ => [Picture with { Guidance = 1 }, Picture, Picture with { Steps = 4, Guidance = 0.5 }],
        };

        pipeline.Render(batch);

        Assert.Equal(rows, pipeline.UnetRows);
    }
}
