using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Tests.Lora;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class DiffusersReaderTests : IDisposable
{
    private static readonly ImageRequest Dog = new() { Prompt = "a dog", Steps = 2, Guidance = 4, Sampler = SamplerNames.Euler, Seed = 5, Width = 64, Height = 64 };

    private readonly LoadedModels _models;
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public DiffusersReaderTests(LoadedModels models)
    {
        _models = models;
        _model = _folder.File("mine");
        TinyDiffusersFolder.Write(_model);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_in_parts_variants_early_names_and_links_draws_what_its_checkpoint_draws()
    {
        TinyDiffusersFolder.Split(PathOf("unet"), "diffusion_pytorch_model");
        Directory.CreateDirectory(PathOf("blobs"));
        File.Move(PathOf("text_encoder/model.safetensors"), PathOf("blobs/0a1b2c"));
        File.CreateSymbolicLink(PathOf("text_encoder/model.fp16.safetensors"), "../blobs/0a1b2c");
        var vae = SafetensorsBytes.Read(PathOf("vae/diffusion_pytorch_model.safetensors"));
        SafetensorsBytes.Write(PathOf("vae/diffusion_pytorch_model.safetensors"), vae.ToDictionary(
            tensor => tensor.Key.Replace(".to_q.", ".query.").Replace(".to_k.", ".key.").Replace(".to_v.", ".value.").Replace(".to_out.0.", ".proj_attn."),
            tensor => tensor.Value));

        var model = Read().Model!;
        using var pipeline = DiffusionPipeline.Load(model, new PipelineOptions());

        Assert.Equal(("mine", "sd1", "float32", "epsilon"), (model.Name, model.Family, model.Precision, model.PredictionType));
        var (expected, picture) = (_models.Checkpoint(TinyCheckpoint.File).Render([Dog])[0], pipeline.Render([Dog])[0]);
        Assert.Equal(expected.Latent.ToArray(), picture.Latent.ToArray());
        Assert.Equal(expected.Rgb.ToArray(), picture.Rgb.ToArray());
    }

    [Fact]
    public void A_part_that_is_missing_is_named()
    {
        File.Delete(PathOf("vae/diffusion_pytorch_model.safetensors"));

        Assert.All(Read().Problems, problem => Assert.Equal(("vae", "It has no .safetensors file of weights."), (problem.File, problem.Problem)));
    }

    [Fact]
    public void A_part_whose_weights_are_a_pickle_is_refused_with_the_reason()
    {
        File.Move(PathOf("unet/diffusion_pytorch_model.safetensors"), PathOf("unet/diffusion_pytorch_model.bin"));

        var problem = Assert.Single(Read().Problems);

        Assert.Contains("runs whatever its author put in", problem.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"../a.safetensors"}}""")]
    [InlineData("""{"weight_map":{"a":7}}""")]
    [InlineData("""{"weight_map":{"a":"a.bin"}}""")]
    [InlineData("""{"weight_map":{}}""")]
    [InlineData("{}")]
    public void An_index_that_names_no_files_beside_it_is_refused(string index)
    {
        File.Delete(PathOf("unet/diffusion_pytorch_model.safetensors"));
        File.WriteAllText(PathOf("unet/diffusion_pytorch_model.safetensors.index.json"), index);

        var problem = Assert.Single(Read().Problems);

        Assert.Equal("unet/diffusion_pytorch_model.safetensors.index.json", problem.File);
    }

    [Fact]
    public void Layers_that_the_family_does_not_have_are_refused_and_never_left_out()
    {
        var unet = SafetensorsBytes.Read(PathOf("unet/diffusion_pytorch_model.safetensors"));
        unet.Add("time_embedding.cond_proj.weight", ([4, 4], new float[16]));
        SafetensorsBytes.Write(PathOf("unet/diffusion_pytorch_model.safetensors"), unet);

        Assert.Contains("time_embedding.cond_proj.weight", Assert.Single(Read().Problems).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void The_refiner_of_SDXL_is_refused_by_name()
    {
        var unet = SafetensorsBytes.Read(PathOf("unet/diffusion_pytorch_model.safetensors"));
        unet.Add("add_embedding.linear_1.weight", ([1, 2560], new float[2560]));
        SafetensorsBytes.Write(PathOf("unet/diffusion_pytorch_model.safetensors"), unet);
        Directory.Delete(PathOf("text_encoder"), recursive: true);

        Assert.Equal("It is the refiner of SDXL.", Assert.Single(Read().Problems).Problem);
    }

    [Theory]
    [InlineData("unet/diffusion_pytorch_model.safetensors")]
    [InlineData("text_encoder/model.safetensors")]
    [InlineData("tokenizer/merges.txt")]
    public void A_list_of_digests_that_leaves_out_what_is_used_is_refused(string file)
    {
        var hashes = ModelDigest.Hashes(_model, CancellationToken.None).Where(entry => entry.Key != file).ToDictionary();
        File.WriteAllText(PathOf("SHA256SUMS"), ModelDigest.Lines(hashes));

        var problem = Assert.Single(Read().Problems);

        Assert.Equal(("SHA256SUMS", $"It does not list {file}."), (problem.File, problem.Problem));
    }

    [Fact]
    public void A_config_that_contradicts_the_weights_is_refused()
    {
        File.WriteAllText(PathOf("unet/config.json"), File.ReadAllText(PathOf("unet/config.json")).Replace("\"in_channels\":4", "\"in_channels\":9", StringComparison.Ordinal));

        Assert.Equal("unet/config.json", Assert.Single(Read().Problems).File);
    }

    private ModelInspection Read()
    {
        Assert.True(DiffusersReader.IsFolder(_model));
        return DiffusersReader.Read(_model, TinyCheckpoint.Parts, verifyDigest: true, FileHashes.Unremembered, CancellationToken.None);
    }

    private string PathOf(string file) => Path.Combine(_model, file);
}
