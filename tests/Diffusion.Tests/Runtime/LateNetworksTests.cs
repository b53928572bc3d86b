using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Tests.Control;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Runtime;

public sealed class LateNetworksTests : IDisposable
{
    private const int Side = 64;

    private static readonly InputImage Picture = new(Side, Side, new byte[3 * Side * Side]);
    private static readonly ImageRequest Request = new() { Prompt = "a dog", Steps = 2, Seed = 8 };

    private readonly CopiedModel _model = new(GoldenFolder.Model("tiny-sd2"));

    public static TheoryData<string, ImageRequest> Late => new()
    {
        { NetworkFiles.VaeEncoder, Request with { Start = new StartImage { Image = Picture } } },
        { NetworkFiles.VaeDecoder, Request with { Tiling = true } },
        { NetworkFiles.ControlNet, Request with { Control = new ControlImage { Image = Picture } } },
    };

    public void Dispose() => _model.Dispose();

    [Theory]
    [MemberData(nameof(Late))]
    public void A_network_that_could_not_be_loaded_when_a_picture_needed_it_is_tried_again_for_the_next_one(string file, ImageRequest request)
    {
        TinyControl.AddTo(_model);
        using var pipeline = DiffusionPipeline.Load(_model.Folder);
        File.Move(_model.PathOf(file), _model.PathOf("away"));
        Assert.Throws<ModelFolderException>(() => pipeline.Render([request]));

        File.Move(_model.PathOf("away"), _model.PathOf(file));

        Assert.Single(pipeline.Render([request]));
    }
}
