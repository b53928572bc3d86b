using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Lora.Merging;
using RenderFarm.Diffusion.Onnx;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Lora;

public sealed class LoraKeyTests
{
    [Theory]
    [InlineData("lora_unet_down_blocks_1_attentions_0_proj_in.lora_down.weight", "Unet down_blocks_1_attentions_0_proj_in Down")]
    [InlineData("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0.lora_up.weight", "Unet mid_block_attentions_0_transformer_blocks_0_attn1_to_out_0 Up")]
    [InlineData("lora_unet_down_blocks_0_resnets_0_conv1.lora_mid.weight", "Unet down_blocks_0_resnets_0_conv1 Mid")]
    [InlineData("lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", "TextEncoder text_model_encoder_layers_0_mlp_fc1 Alpha")]
    [InlineData("lora_te1_text_model_encoder_layers_0_mlp_fc1.alpha", "TextEncoder text_model_encoder_layers_0_mlp_fc1 Alpha")]
    [InlineData("lora_te2_text_projection.lora_up.weight", "TextEncoder2 text_projection Up")]
    [InlineData("unet.up_blocks.0.attentions.1.proj_out.lora_A.weight", "Unet up_blocks_0_attentions_1_proj_out Down")]
    [InlineData("unet.up_blocks.0.attentions.1.proj_out.lora_B.default.weight", "Unet up_blocks_0_attentions_1_proj_out Up")]
    [InlineData("text_encoder_2.text_model.encoder.layers.1.self_attn.q_proj.lora_B.weight", "TextEncoder2 text_model_encoder_layers_1_self_attn_q_proj Up")]
    [InlineData("text_encoder.text_model.encoder.layers.1.self_attn.q_proj.lora_linear_layer.down.weight", "TextEncoder text_model_encoder_layers_1_self_attn_q_proj Down")]
    [InlineData("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.lora.down.weight", "Unet down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q Down")]
    [InlineData("down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_out_lora.up.weight", "Unet down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_out_0 Up")]
    [InlineData("base_model.model.conv_in.lora_A.weight", "Unet conv_in Down")]
    public void Every_form_of_key_is_taken_apart(string name, string expected)
    {
        var key = Assert.NotNull(LoraKey.Parse(name));

        Assert.Equal(expected, $"{key.Network} {key.Module} {key.Role}");
    }

    [Theory]
    [InlineData("lora_unet_conv_in.hada_w1_a")]
    [InlineData("lora_unet_conv_in.dora_scale")]
    [InlineData("lora_unet_.alpha")]
    [InlineData("lora_unet_conv_in.diff")]
    [InlineData("model.diffusion_model.out.2.weight")]
    [InlineData("")]
    public void A_key_of_another_form_is_none(string name) => Assert.Null(LoraKey.Parse(name));

    [Theory]
    [InlineData("input_blocks_0_0", "conv_in")]
    [InlineData("input_blocks_1_0_in_layers_2", "down_blocks_0_resnets_0_conv1")]
    [InlineData("input_blocks_2_1_proj_in", "down_blocks_0_attentions_1_proj_in")]
    [InlineData("input_blocks_3_0_op", "down_blocks_0_downsamplers_0_conv")]
    [InlineData("input_blocks_4_0_skip_connection", "down_blocks_1_resnets_0_conv_shortcut")]
    [InlineData("input_blocks_8_1_transformer_blocks_9_ff_net_0_proj", "down_blocks_2_attentions_1_transformer_blocks_9_ff_net_0_proj")]
    [InlineData("middle_block_0_emb_layers_1", "mid_block_resnets_0_time_emb_proj")]
    [InlineData("middle_block_1_transformer_blocks_0_attn2_to_k", "mid_block_attentions_0_transformer_blocks_0_attn2_to_k")]
    [InlineData("middle_block_2_out_layers_3", "mid_block_resnets_1_conv2")]
    [InlineData("output_blocks_0_1_proj_out", "up_blocks_0_attentions_0_proj_out")]
    [InlineData("output_blocks_2_1_conv", "up_blocks_0_upsamplers_0_conv")]
    [InlineData("output_blocks_5_2_conv", "up_blocks_1_upsamplers_0_conv")]
    [InlineData("output_blocks_8_0_in_layers_2", "up_blocks_2_resnets_2_conv1")]
    [InlineData("time_embed_2", "time_embedding_linear_2")]
    [InlineData("label_emb_0_0", "add_embedding_linear_1")]
    [InlineData("out_2", "conv_out")]
    [InlineData("down_blocks_0_resnets_0_conv1", null)]
    public void Names_of_the_first_release_become_those_of_diffusers(string name, string? expected) => Assert.Equal(expected, FirstReleaseNames.ToDiffusers(name));

    [Theory]
    [InlineData("tiny-sd2", "unet", "conv_in mid_block_attentions_0_proj_in up_blocks_0_attentions_1_transformer_blocks_0_ff_net_0_proj time_embedding_linear_1")]
    [InlineData("tiny-sd2", "text_encoder", "text_model_encoder_layers_2_self_attn_q_proj encoder_layers_0_mlp_fc2")]
    [InlineData("tiny-sdxl", "text_encoder_2", "text_model_encoder_layers_1_self_attn_out_proj text_projection")]
    [InlineData("emoji", "unet", "conv_in net_conv_in down_blocks_1_attentions_0_proj_in mid_block_attentions_0_transformer_blocks_0_attn2_to_k")]
    public void Weights_are_found_by_their_modules_path(string model, string network, string modules)
    {
        var index = new ModuleIndex(OnnxGraphFile.Read(Path.Combine(GoldenFolder.Model(model), network, "model.onnx")));

        Assert.All(modules.Split(' '), module => Assert.NotNull(index.Find(module)));
        Assert.Null(index.Find("proj_in"));
    }
}
