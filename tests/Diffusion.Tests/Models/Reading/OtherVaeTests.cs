using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Models.Reading;

public sealed class OtherVaeTests(LoadedModels models)
{
    private static readonly ImageRequest Request = new() { Prompt = "a dog", Steps = 2, Sampler = SamplerNames.Euler, Seed = 3 };

    [Fact]
    public void A_vae_of_ones_own_decodes_the_same_latents_to_another_picture()
    {
        using var lcm = new CopiedModel(GoldenFolder.Model("tiny-lcm"));
        foreach (var part in new[] { "unet", "text_encoder", "tokenizer", "scheduler" })
        {
            Directory.Delete(lcm.PathOf(part), recursive: true);
        }

        using var pipeline = DiffusionPipeline.Load(models.Tiny.Model.Path, new PipelineOptions { VaeFolder = lcm.Folder });
        var (own, other) = (models.Tiny.Render([Request])[0], pipeline.Render([Request])[0]);

        Assert.Equal(own.Latent.ToArray(), other.Latent.ToArray());
        Assert.NotEqual(own.Rgb.ToArray(), other.Rgb.ToArray());
        Assert.NotEqual(models.Tiny.Model.Digest, pipeline.Model.Digest);
        Assert.Equal(models.Tiny.Model.Name, pipeline.Model.Name);
    }

    [Theory]
    [InlineData("tiny-sdxl", "scaling_factor 0.13025; tiny-sd2 needs one of 4 latent channels, 1/2 of the sides and scaling_factor 0.18215")]
    [InlineData("emoji", "1/8 of the sides")]
    public void A_vae_of_another_family_is_refused(string name, string told)
    {
        var problem = Assert.Throws<ModelFolderException>(() =>
            DiffusionPipeline.Load(models.Tiny.Model.Path, new PipelineOptions { VaeFolder = GoldenFolder.Model(name) }));

        Assert.Equal("vae_decoder/config.json", problem.File);
        Assert.Contains(told, problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_vae_is_refused()
    {
        var problem = Assert.Throws<ModelFolderException>(() =>
            DiffusionPipeline.Load(models.Tiny.Model.Path, new PipelineOptions { VaeFolder = Path.Combine(GoldenFolder.EmojiModel, "tokenizer") }));

        Assert.Equal(["vae_decoder/config.json", "vae_decoder/model.onnx"], problem.Problems.Select(one => one.File));
    }
}
