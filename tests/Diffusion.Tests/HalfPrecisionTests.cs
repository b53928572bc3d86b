using RenderFarm.Diffusion.Tests.Onnx;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

public sealed class HalfPrecisionTests(LoadedModels models)
{
    private static readonly string[] Networks = ["text_encoder", "text_encoder_2", "unet", "vae_decoder", "vae_encoder"];

    // A half has 11 bits, so each weight and each value at a border is off by up to 1/2048; the model adds them up.
    private const double Tolerance = 0.02;

    [Theory]
    [InlineData("tiny-sd2")]
    [InlineData("tiny-sdxl")]
    [InlineData("tiny-lcm")]
    public void A_model_in_float16_draws_what_it_draws_in_float32(string name)
    {
        using var copy = new CopiedModel(GoldenFolder.Model(name));
        foreach (var network in Networks.Select(network => copy.PathOf($"{network}/model.onnx")).Where(File.Exists))
        {
            HalfModel.Rewrite(network);
        }

        ImageRequest[] batch = [.. new[] { 1, 2 }.Select(seed => new ImageRequest { Prompt = "a dog", Steps = 4, Guidance = 3, Sampler = SamplerNames.Euler, Seed = seed })];
        using var half = DiffusionPipeline.Load(copy.Folder);
        var expected = models.Get(GoldenFolder.Model(name)).Render(batch);

        var pictures = half.Render(batch);

        Assert.Equal(("float16", "float32"), (half.Model.Precision, models.Get(GoldenFolder.Model(name)).Model.Precision));
        Assert.InRange(half.Model.WeightBytes, 1, models.Get(GoldenFolder.Model(name)).Model.WeightBytes * 9 / 10);
        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(Tolerance, expected[i].Latent.Span, pictures[i].Latent.Span);
            Assert.NotEqual(expected[i].Latent.ToArray(), pictures[i].Latent.ToArray());
        }
    }

    [Fact]
    public void A_decoder_that_overflows_is_told_of_instead_of_drawing_black()
    {
        using var copy = new CopiedModel(GoldenFolder.Model("tiny-sd2"));
        HalfModel.Enlarge(copy.PathOf("vae_decoder/model.onnx"), "sample", 1e8f);
        HalfModel.Rewrite(copy.PathOf("vae_decoder/model.onnx"));
        using var half = DiffusionPipeline.Load(copy.Folder);

        var problem = Assert.Throws<NonFiniteLatentsException>(() => half.Render([new() { Prompt = "a dog", Steps = 2, Seed = 1 }]));

        Assert.Equal(0, problem.Row);
        Assert.Contains("VAE in float32", problem.Message, StringComparison.Ordinal);
    }
}
