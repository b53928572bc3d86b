namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>The names of an autoencoder's weights in a single file, where the decoder's levels count from the picture inwards.</summary>
internal sealed class VaeKeys(IEnumerable<string> keys, string prefix = VaeKeys.InCheckpoint) : IKeyRules
{
    /// <summary>What stands before them in a checkpoint; a file of an autoencoder alone has nothing there.</summary>
    public const string InCheckpoint = "first_stage_model.";

    private readonly int _lastLevel = keys.Select(key => key.Split('.')).Select(parts => parts is ["decoder", "up_blocks", var level, ..] ? KeyText.Number(level) : 0).Max();

    public IEnumerable<SourceKey> Of(string key) => [new(prefix + InFile(key.Split('.')))];

    private string InFile(string[] key) => key switch
    {
        ["encoder", "down_blocks", var level, "resnets", var layer, .. var rest] => $"encoder.down.{level}.block.{layer}.{Residual(rest)}",
        ["encoder", "down_blocks", var level, "downsamplers", "0", .. var rest] => $"encoder.down.{level}.downsample.{Joined(rest)}",
        ["decoder", "up_blocks", var level, "resnets", var layer, .. var rest] => $"decoder.up.{_lastLevel - KeyText.Number(level)}.block.{layer}.{Residual(rest)}",
        ["decoder", "up_blocks", var level, "upsamplers", "0", .. var rest] => $"decoder.up.{_lastLevel - KeyText.Number(level)}.upsample.{Joined(rest)}",
        [var half, "mid_block", "resnets", var layer, .. var rest] => $"{half}.mid.block_{KeyText.Number(layer) + 1}.{Residual(rest)}",
        [var half, "mid_block", "attentions", "0", .. var rest] => $"{half}.mid.attn_1.{Attention(rest)}",
        [var half, "conv_norm_out", var value] => $"{half}.norm_out.{value}",
        ["encoder" or "decoder", "conv_in" or "conv_out", _] or ["quant_conv" or "post_quant_conv", _] => Joined(key),
        _ => throw KeyText.Unknown(key),
    };

    private static string Residual(string[] key) => key is ["conv_shortcut", var value] ? $"nin_shortcut.{value}" : Joined(key);

    private static string Attention(string[] key) => key switch
    {
        ["group_norm", var value] => $"norm.{value}",
        ["to_q", var value] => $"q.{value}",
        ["to_k", var value] => $"k.{value}",
        ["to_v", var value] => $"v.{value}",
        ["to_out", "0", var value] => $"proj_out.{value}",
        _ => throw KeyText.Unknown(key),
    };

    private static string Joined(string[] parts) => string.Join('.', parts);
}
