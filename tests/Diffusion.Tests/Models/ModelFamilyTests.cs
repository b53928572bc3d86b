using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Models;

public sealed class ModelFamilyTests
{
    private const string Index = "model_index.json";

    [Theory]
    [InlineData("emoji", "sd1")]
    [InlineData("tiny-sd2", "sd2")]
    [InlineData("tiny-sdxl", "sdxl")]
    [InlineData("tiny-lcm", "sd1-lcm")]
    [InlineData("tiny-inpaint9", "sd1-inpainting")]
    public void A_family_is_recognised_from_the_files(string model, string family) =>
        Assert.Equal(family, ModelFolder.Open(GoldenFolder.Model(model)).Family);

    [Theory]
    [InlineData("tiny-sdxl", "StableDiffusionXLPipeline", "ORTStableDiffusionXLPipeline", "sdxl")]
    [InlineData("tiny-sdxl", "StableDiffusionXLPipeline", "StableDiffusionXLImg2ImgPipeline", "sdxl")]
    [InlineData("tiny-lcm", "LatentConsistencyModelPipeline", "ORTLatentConsistencyModelPipeline", "sd1-lcm")]
    [InlineData("tiny-lcm", "LatentConsistencyModelPipeline", "StableDiffusionPipeline", "sd1-lcm")]
    [InlineData("tiny-inpaint9", "StableDiffusionInpaintPipeline", "ORTStableDiffusionInpaintPipeline", "sd1-inpainting")]
    [InlineData("tiny-sd2", "StableDiffusionPipeline", "OnnxStableDiffusionPipeline", "sd2")]
    [InlineData("tiny-sd2", "StableDiffusionPipeline", "StableDiffusionInpaintPipeline", "sd2")]
    public void The_pipelines_of_a_family_have_several_names(string model, string from, string to, string family)
    {
        using var copy = new CopiedModel(GoldenFolder.Model(model));
        copy.Replace(Index, from, to);

        Assert.Equal(family, ModelFolder.Open(copy.Folder).Family);
    }

    [Theory]
    [InlineData("tiny-sd2", Index, "StableDiffusionPipeline", "StableDiffusionXLPipeline", Index, "no input text_embeds")]
    [InlineData("tiny-sdxl", Index, "StableDiffusionXLPipeline", "StableDiffusionPipeline", Index, "an input text_embeds")]
    [InlineData("tiny-sd2", Index, "StableDiffusionPipeline", "LatentConsistencyModelPipeline", "unet/model.onnx", "no input timestep_cond")]
    [InlineData("tiny-sd2", Index, "StableDiffusionPipeline", "FluxPipeline", Index, "\"FluxPipeline\"")]
    [InlineData("tiny-sd2", Index, "StableDiffusionPipeline", "StableDiffusion3Pipeline", Index, "\"StableDiffusion3Pipeline\"")]
    [InlineData("tiny-lcm", "unet/config.json", "\"time_cond_proj_dim\": 16", "\"time_cond_proj_dim\": 24", "unet/model.onnx", "time_cond_proj_dim is 24")]
    [InlineData("tiny-sdxl", "text_encoder_2/config.json", "\"projection_dim\": 40", "\"projection_dim\": 48", "unet/model.onnx", "takes 40 values, but the second text encoder gives 48")]
    [InlineData("tiny-sdxl", "text_encoder_2/config.json", "\"num_hidden_layers\": 3", "\"num_hidden_layers\": 9", "text_encoder_2/model.onnx", "no output hidden_states.8")]
    [InlineData("tiny-sdxl", "text_encoder/config.json", "\"hidden_size\": 32", "\"hidden_size\": 64", "unet/model.onnx", "takes 80 values, but the text encoders give 112")]
    [InlineData("tiny-sdxl", "vae_decoder/config.json", "\"latents_mean\": null", "\"latents_mean\": [0, 1]", "vae_decoder/config.json", "latents_mean is [0, 1]")]
    public void Parts_that_do_not_fit_the_family_are_named_with_what_was_found(string model, string file, string from, string to, string named, string told)
    {
        using var copy = new CopiedModel(GoldenFolder.Model(model));
        copy.Replace(file, from, to);

        var problem = Assert.Single(ModelFolder.Inspect(copy.Folder).Problems);
        Assert.Equal(named, problem.File);
        Assert.Contains(told, problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tiny-sdxl", "text_embeds", "text_enbeds", "text_enbeds")]
    [InlineData("tiny-sdxl", "time_ids", "time_idz", "time_idz")]
    [InlineData("tiny-lcm", "timestep_cond", "timestep_bond", "timestep_bond")]
    public void A_network_that_asks_for_something_unknown_is_refused_with_what_it_asks_for(string model, string from, string to, string told)
    {
        using var copy = new CopiedModel(GoldenFolder.Model(model));
        copy.ReplaceBytes("unet/model.onnx", from, to);

        var problems = ModelFolder.Inspect(copy.Folder).Problems;
        Assert.Contains(problems, problem => problem.File == "unet/model.onnx" && problem.Problem.Contains(told, StringComparison.Ordinal));
    }

    [Fact]
    public void An_xl_model_without_its_second_text_encoder_is_refused()
    {
        using var copy = new CopiedModel(GoldenFolder.Model("tiny-sdxl"));
        Directory.Delete(copy.PathOf("text_encoder_2"), recursive: true);

        var problem = Assert.Single(ModelFolder.Inspect(copy.Folder).Problems);
        Assert.Equal("text_encoder_2/model.onnx", problem.File);
        Assert.Contains("two text encoders", problem.Problem, StringComparison.Ordinal);
    }
}
