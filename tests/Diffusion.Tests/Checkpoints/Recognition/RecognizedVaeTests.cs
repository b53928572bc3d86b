using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints.Recognition;

public sealed class RecognizedVaeTests : IDisposable
{
    private static readonly ModelFamily Sd1 = new(ModelGeneration.StableDiffusion1, IsConsistencyModel: false, IsInpainting: false);
    private static readonly ModelFamily Sdxl = Sd1 with { Generation = ModelGeneration.StableDiffusionXl };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_weight_of_the_families_VAE_is_found_in_every_naming()
    {
        var keys = CheckpointKeys.Of("vae").ToArray();
        var asDiffusers = Read(keys.ToDictionary(key => key.Diffusers, key => key.Shape.ToArray()));
        var alone = Read(keys.ToDictionary(key => key.InFile["first_stage_model.".Length..], key => key.Shape.ToArray()));
        var asInCheckpoints = Read(keys.ToDictionary(key => key.InFile, key => key.Shape.ToArray()));

        Assert.All(new[] { asDiffusers, alone, asInCheckpoints }, vae =>
        {
            var rules = vae.Rules(keys.Select(key => key.Diffusers));
            Assert.All(keys, key => Assert.Contains(rules.Of(key.Diffusers), place => vae.Header.Tensors.ContainsKey(place.Name)));
        });
    }

    [Theory]
    [InlineData("stable-diffusion-xl-v1-base/vae", true)]
    [InlineData("stable-diffusion-v1/vae", false)]
    [InlineData("Stable-Diffusion-v2-768-v/vae", false)]
    public void A_VAE_whose_notes_name_another_family_is_refused_by_name(string architecture, bool isXl)
    {
        var tensors = CheckpointKeys.Of("vae").ToDictionary(key => key.InFile, key => key.Shape.ToArray());
        var texts = new Dictionary<string, string> { ["modelspec.architecture"] = architecture };

        Read(tensors, isXl ? Sdxl : Sd1, texts);
        var problem = Assert.Throws<ModelFolderException>(() => Read(tensors, isXl ? Sd1 : Sdxl, texts)).Problem;

        Assert.StartsWith($"It is a VAE of {(isXl ? "SDXL" : "Stable Diffusion 1 and 2")}, as modelspec.architecture says", problem, StringComparison.Ordinal);
        Assert.EndsWith($"the checkpoint is {(isXl ? "sd1" : "sdxl")}.", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_VAE_of_diffusers_is_told_by_the_config_beside_it()
    {
        var tensors = CheckpointKeys.Of("vae").ToDictionary(key => key.Diffusers, key => key.Shape.ToArray());
        File.WriteAllText(_folder.File("config.json"), """{"latent_channels":4,"block_out_channels":[128,256,512,512],"scaling_factor":0.13025}""");

        // Beside a file of another name it is the config of something else.
        Read(tensors);
        var problem = Assert.Throws<ModelFolderException>(() => Read(tensors, file: "diffusion_pytorch_model.fp16.safetensors")).Problem;

        Assert.Equal("It is a VAE of SDXL, as config.json says; the checkpoint is sd1.", problem);
    }

    [Theory]
    [InlineData(16, "Stable Diffusion 3 and Flux")]
    [InlineData(3, "upscalers")]
    [InlineData(8, "8 latent channels")]
    public void A_VAE_of_other_latents_is_refused_by_name(long channels, string told)
    {
        var tensors = CheckpointKeys.Of("vae").ToDictionary(key => key.Diffusers, key => key.Shape.ToArray());
        tensors["decoder.conv_in.weight"] = [512, channels, 3, 3];

        Assert.Contains(told, Assert.Throws<ModelFolderException>(() => Read(tensors)).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("decoder.conv_in.weight", "for videos")]
    [InlineData("quantize.embedding.weight", "VQ")]
    public void Autoencoders_of_another_kind_are_refused_by_name(string name, string told)
    {
        var tensors = CheckpointKeys.Of("vae").ToDictionary(key => key.Diffusers, key => key.Shape.ToArray());
        tensors[name] = [16, 4, 3, 3, 3];

        Assert.Contains(told, Assert.Throws<ModelFolderException>(() => Read(tensors)).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_kind_is_refused_with_what_it_is()
    {
        var lora = new Dictionary<string, long[]> { ["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = [4, 64] };
        Assert.Equal("It is a LoRA; a VAE is needed.", Assert.Throws<ModelFolderException>(() => Read(lora)).Problem);

        File.WriteAllBytes(_folder.File("vae.pt"), [0x80, 2, 0, 0]);
        Assert.Contains("pickle", Assert.Throws<ModelFolderException>(() => RecognizedVae.Read(_folder.File("vae.pt"), Sd1)).Problem, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<ModelFolderException>(() => RecognizedVae.Read(_folder.File("nothing"), Sd1)).Problem, StringComparison.Ordinal);
    }

    private RecognizedVae Read(Dictionary<string, long[]> tensors, ModelFamily? family = null, Dictionary<string, string>? texts = null, string file = "vae.safetensors")
    {
        SparseCheckpoint.Write(_folder.File(file), tensors, texts: texts);
        return RecognizedVae.Read(_folder.File(file), family ?? Sd1);
    }
}
