using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Runtime;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class FullSizeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Graphs_of_SD_1_load_at_full_size()
    {
        var path = _folder.File("model.safetensors");
        SparseCheckpoint.Write(path, SparseCheckpoint.TensorsOf("sd1"));
        var model = Read(path);
        var loader = new NetworkLoader(model, InferenceDevice.Parse("cpu"), new DeviceSettings(0));

        // One after the other: together they take 6 GB while they load.
        Assert.All(CheckpointNetworks.Of(model.Parts.Family), network => loader.Load(network, TestContext.Current.CancellationToken).Dispose());
    }

    [Fact(Explicit = true)]
    public void Graphs_of_SD_1_load_and_run_at_full_size() => RunFullSize("sd1");

    [Fact(Explicit = true)]
    public void Graphs_of_SD_1_inpainting_load_and_run_at_full_size() => RunFullSize("sd1-inpainting");

    [Fact(Explicit = true)]
    public void Graphs_of_SD_2_load_and_run_at_full_size() => RunFullSize("sd2");

    [Fact(Explicit = true)]
    public void Graphs_of_SDXL_load_and_run_at_full_size() => RunFullSize("sdxl");

    [Fact(Explicit = true)]
    public void Graphs_of_SDXL_inpainting_load_and_run_at_full_size() => RunFullSize("sdxl-inpainting");

    private void RunFullSize(string family)
    {
        var path = _folder.File("model.safetensors");
        SparseCheckpoint.Write(path, SparseCheckpoint.TensorsOf(family));
        var model = Read(path);
        Assert.Equal((family, "float16"), (model.Family, model.Precision));

        using var pipeline = DiffusionPipeline.Load(model, new PipelineOptions());
        var picture = pipeline.Render([new ImageRequest { Prompt = "a dog", Steps = 1, Guidance = 1, Sampler = SamplerNames.Euler, Seed = 1, Width = 64, Height = 64 }])[0];

        // A network of zeros sees no noise, and its autoencoder paints grey.
        Assert.All(picture.Rgb.ToArray(), value => Assert.InRange(value, 127, 128));
    }

    private static ModelFolder Read(string path)
    {
        var inspection = CheckpointReader.Read(path, SharedParts.Shipped, FileHashes.Unremembered, CheckpointChoices.None, TestContext.Current.CancellationToken);
        Assert.Empty(inspection.Problems);
        return inspection.Model!;
    }
}
