using System.Numerics.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Safety;

public sealed class SafetyCheckerTests : IDisposable
{
    private static readonly ImageRequest[] Batch =
        [.. Enumerable.Range(0, 4).Select(seed => new ImageRequest { Prompt = "a dog", Steps = 2, Sampler = SamplerNames.Euler, Seed = seed })];

    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Flagged_pictures_are_black_and_the_others_as_they_were(bool takesPictures)
    {
        TinyChecker.AddTo(_model, 0, takesPictures);
        var plain = Render(checks: false);
        var brightness = plain.Select(Brightness).ToArray();
        var middle = brightness.Order().Skip(1).Take(2).Average();
        TinyChecker.AddTo(_model, middle, takesPictures);

        var pictures = Render(checks: true);

        Assert.Equal(2, pictures.Count(picture => picture.IsFlagged));
        for (var i = 0; i < Batch.Length; i++)
        {
            Assert.Equal(brightness[i] > middle, pictures[i].IsFlagged);
            Assert.Equal(pictures[i].IsFlagged ? new byte[plain[i].Rgb.Length] : plain[i].Rgb.ToArray(), pictures[i].Rgb.ToArray());
            Assert.Equal(pictures[i].IsFlagged ? new float[plain[i].Latent.Length] : plain[i].Latent.ToArray(), pictures[i].Latent.ToArray());
        }
    }

    [Fact]
    public void A_checker_that_is_switched_off_flags_nothing()
    {
        TinyChecker.AddTo(_model, -100);

        Assert.True(ModelFolder.Open(_model.Folder).HasSafetyChecker);
        Assert.All(Render(checks: true), picture => Assert.True(picture.IsFlagged));
        Assert.All(Render(checks: false), picture => Assert.False(picture.IsFlagged));
    }

    [Fact]
    public void A_checker_without_its_preprocessor_is_refused()
    {
        TinyChecker.AddTo(_model, 0);
        File.Delete(_model.PathOf("feature_extractor/preprocessor_config.json"));

        Assert.Equal("feature_extractor/preprocessor_config.json", Assert.Single(ModelFolder.Inspect(_model.Folder).Problems).File);
    }

    private IReadOnlyList<RenderedImage> Render(bool checks)
    {
        using var pipeline = DiffusionPipeline.Load(_model.Folder, new PipelineOptions { SafetyChecker = checks });
        return pipeline.Render(Batch);
    }

    /// <summary>What the network sees, from its config.</summary>
    private float Brightness(RenderedImage picture)
    {
        var input = ModelFolder.Open(_model.Folder).Parts.SafetyChecker!.Input;
        var values = new float[input.Size];
        input.Fill(picture.Rgb.Span, picture.Width, picture.Height, values);
        return TensorPrimitives.Average<float>(values);
    }
}
