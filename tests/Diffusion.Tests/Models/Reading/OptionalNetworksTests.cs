using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Models.Reading;

public sealed class OptionalNetworksTests : IDisposable
{
    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("vae_decoder_tiny")]
    [InlineData("taesd_decoder")]
    public void A_small_decoder_for_previews_is_found_under_either_name(string name)
    {
        Assert.False(ModelFolder.Open(_model.Folder).HasPreviewDecoder);
        Directory.CreateDirectory(_model.PathOf(name));
        File.Copy(_model.PathOf("vae_decoder/model.onnx"), _model.PathOf($"{name}/model.onnx"));

        var model = ModelFolder.Open(_model.Folder);

        Assert.True(model.HasPreviewDecoder);
        Assert.Equal(new PreviewDecoderParts($"{name}/model.onnx", "latent_sample", "sample"), model.Parts.PreviewDecoder);
    }

    [Theory]
    [InlineData("taesd_decoder", "unet", "takes 4 channels of latents")]
    [InlineData("safety_checker", "vae_decoder", "no input clip_input")]
    [InlineData("controlnet", "unet", "no input down_block_additional_residual_0, ")]
    public void A_network_that_is_something_else_is_named(string folder, string other, string told)
    {
        Directory.CreateDirectory(_model.PathOf(folder));
        File.Copy(_model.PathOf($"{other}/model.onnx"), _model.PathOf($"{folder}/model.onnx"));

        var problems = ModelFolder.Inspect(_model.Folder).Problems;

        Assert.Contains(problems, problem => problem.Problem.Contains(told, StringComparison.Ordinal));
    }

    [Fact]
    public void Without_the_first_half_of_the_autoencoder_no_picture_can_be_started_from()
    {
        Assert.True(ModelFolder.Open(_model.Folder).CanStartFromImage);

        File.Delete(_model.PathOf("vae_encoder/model.onnx"));

        Assert.False(ModelFolder.Open(_model.Folder).CanStartFromImage);
    }
}
