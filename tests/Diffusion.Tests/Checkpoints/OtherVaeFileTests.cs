using RenderFarm.Diffusion.Checkpoints;
using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Models.Reading;
using RenderFarm.Diffusion.Tests.Lora;
using RenderFarm.TestKit;

namespace RenderFarm.Diffusion.Tests.Checkpoints;

public sealed class OtherVaeFileTests(LoadedModels models) : IDisposable
{
    private static readonly ImageRequest Dog = new() { Prompt = "a dog", Steps = 2, Guidance = 4, Sampler = SamplerNames.Euler, Seed = 5, Width = 64, Height = 64 };

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, (long[] Shape, float[] Values)> _checkpoint = SafetensorsBytes.Read(TinyCheckpoint.File);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("first_stage_model.")]
    [InlineData("")]
    [InlineData("diffusers")]
    public void A_checkpoint_draws_with_a_VAE_of_every_naming_as_if_it_were_its_own(string naming)
    {
        var brighter = Brighter();
        var (file, vae, whole) = (_folder.File("pruned.safetensors"), _folder.File("vae.safetensors"), _folder.File("whole.safetensors"));
        SafetensorsBytes.Write(file, _checkpoint.Where(tensor => !IsVae(tensor.Key)).ToDictionary());
        SafetensorsBytes.Write(whole, _checkpoint.Where(tensor => !IsVae(tensor.Key)).Concat(brighter).ToDictionary());
        SafetensorsBytes.Write(vae, naming == "diffusers" ? InDiffusersNames(brighter) : brighter.ToDictionary(tensor => naming + tensor.Key["first_stage_model.".Length..], tensor => tensor.Value));

        using var pipeline = DiffusionPipeline.Load(TinyCheckpoint.Open(file, new CheckpointChoices { Vae = vae }), new PipelineOptions());
        using var expected = DiffusionPipeline.Load(TinyCheckpoint.Open(whole), new PipelineOptions());

        var picture = pipeline.Render([Dog])[0];
        Assert.Equal(expected.Render([Dog])[0].Rgb.ToArray(), picture.Rgb.ToArray());
        Assert.NotEqual(models.Checkpoint(TinyCheckpoint.File).Render([Dog])[0].Rgb.ToArray(), picture.Rgb.ToArray());
        Assert.Equal((file, vae), (pipeline.Model.CheckpointFile, pipeline.Model.VaeFile));
    }

    [Fact]
    public void A_link_remembers_the_VAE_and_its_hash_which_is_part_of_the_digest()
    {
        var vae = _folder.File("vae.safetensors");
        SafetensorsBytes.Write(vae, Brighter());
        var with = TinyCheckpoint.Open(TinyCheckpoint.File, new CheckpointChoices { Vae = vae });
        with.WriteLink(_folder.File("mine"));

        var model = CheckpointReader.ReadLinked(_folder.File("mine"), TinyCheckpoint.Parts, FileHashes.Unremembered, CancellationToken.None)!.Model!;

        Assert.Equal((vae, with.Digest), (model.VaeFile, model.Digest));
        Assert.NotEqual(TinyCheckpoint.Open(TinyCheckpoint.File).Digest, model.Digest);
        SafetensorsBytes.Write(vae, _checkpoint.Where(tensor => IsVae(tensor.Key)).ToDictionary());
        Assert.NotEqual(with.Digest, CheckpointReader.ReadLinked(_folder.File("mine"), TinyCheckpoint.Parts, FileHashes.Unremembered, CancellationToken.None)!.Model!.Digest);
    }

    [Fact]
    public void A_checkpoint_without_a_VAE_is_refused_with_what_to_do()
    {
        SafetensorsBytes.Write(_folder.File("pruned.safetensors"), _checkpoint.Where(tensor => !IsVae(tensor.Key)).ToDictionary());

        var problem = Assert.Single(TinyCheckpoint.Inspect(_folder.File("pruned.safetensors")).Problems);

        Assert.Equal(("pruned.safetensors", "It has no VAE."), (problem.File, problem.Problem));
        Assert.Contains("--vae", problem.Fix, StringComparison.Ordinal);
    }

    private static bool IsVae(string name) => name.StartsWith(VaeKeys.InCheckpoint, StringComparison.Ordinal);

    /// <summary>The checkpoint's own VAE, but for one vector that every pixel is moved by.</summary>
    private Dictionary<string, (long[] Shape, float[] Values)> Brighter()
    {
        var vae = _checkpoint.Where(tensor => IsVae(tensor.Key)).ToDictionary();
        var (shape, values) = vae["first_stage_model.decoder.conv_out.bias"];
        vae["first_stage_model.decoder.conv_out.bias"] = (shape, [.. values.Select(value => value + 0.25f)]);
        return vae;
    }

    private static Dictionary<string, (long[] Shape, float[] Values)> InDiffusersNames(Dictionary<string, (long[] Shape, float[] Values)> vae)
    {
        var family = new ModelFamily(ModelGeneration.StableDiffusion1, IsConsistencyModel: false, IsInpainting: false);
        var keys = new[] { NetworkFiles.VaeDecoder, NetworkFiles.VaeEncoder }.SelectMany(network => PlacedWeights.KeysOf(TinyCheckpoint.Parts.Graph(family, network).Graph)).Distinct().ToArray();
        var rules = new VaeKeys(keys);
        return keys.ToDictionary(key => key, key => vae[rules.Of(key).First().Name]);
    }
}
