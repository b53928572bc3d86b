using RenderFarm.Diffusion.Checkpoints.Keys;
using RenderFarm.Diffusion.Models;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Checkpoints.Keys;

public sealed class KeyRulesTests
{
    [Theory]
    [InlineData("sd1-unet", 686, nameof(ModelGeneration.StableDiffusion1), NetworkFiles.Unet)]
    [InlineData("sd2-unet", 686, nameof(ModelGeneration.StableDiffusion2), NetworkFiles.Unet)]
    [InlineData("sdxl-unet", 1680, nameof(ModelGeneration.StableDiffusionXl), NetworkFiles.Unet)]
    [InlineData("vae", 248, nameof(ModelGeneration.StableDiffusion1), NetworkFiles.VaeDecoder)]
    [InlineData("sd1-text", 196, nameof(ModelGeneration.StableDiffusion1), NetworkFiles.TextEncoder)]
    [InlineData("sd2-text", 372, nameof(ModelGeneration.StableDiffusion2), NetworkFiles.TextEncoder)]
    [InlineData("sdxl-text", 196, nameof(ModelGeneration.StableDiffusionXl), NetworkFiles.TextEncoder)]
    [InlineData("sdxl-text2", 517, nameof(ModelGeneration.StableDiffusionXl), NetworkFiles.TextEncoder2)]
    public void Every_weight_of_every_family_is_found_where_checkpoints_have_it(string list, int count, string generation, string network)
    {
        var keys = CheckpointKeys.Of(list);
        var rules = SingleFileKeys.Of(Enum.Parse<ModelGeneration>(generation), network, keys.Select(key => key.Diffusers));

        Assert.Equal(count, keys.Count);
        Assert.All(keys, key => Assert.Equal(new SourceKey(key.InFile, key.Third, key.IsTransposed), rules.Of(key.Diffusers).First()));
        Assert.Equal(keys.Count, keys.Select(key => rules.Of(key.Diffusers).First()).Distinct().Count());
    }

    [Fact]
    public void Early_checkpoints_leave_out_the_text_models_own_name() =>
        Assert.Contains(
            new SourceKey("cond_stage_model.transformer.embeddings.token_embedding.weight"),
            SingleFileKeys.Of(ModelGeneration.StableDiffusion1, NetworkFiles.TextEncoder, []).Of("text_model.embeddings.token_embedding.weight"));

    [Theory]
    [InlineData("down_blocks.0.motion_modules.0.norm.weight")]
    [InlineData("mid_block.resnets.0.conv9.weight")]
    public void A_weight_that_no_rule_knows_is_named(string key) =>
        Assert.Contains(key.Split('.')[^2], Assert.Throws<ArgumentException>(() => new UnetKeys([]).Of(key).ToArray()).Message, StringComparison.Ordinal);
}
