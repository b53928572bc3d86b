namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>
/// The names of a UNet's weights in a single file. There its blocks are numbered through: input block 0 is the first convolution, and each
/// level has two blocks (one more on the way up), each of a residual part, an attention where the level has one, and behind the last what changes the size.
/// </summary>
internal sealed class UnetKeys(IEnumerable<string> keys) : IKeyRules
{
    private const string Prefix = "model.diffusion_model.";

    // The layers of a level on the way down, and what changes the size behind them; on the way up a level has one layer more instead.
    private const int Blocks = 3;

    private readonly HashSet<string> _attentiveLevels =
        [.. keys.Select(key => key.Split('.')).Where(parts => parts is ["up_blocks", _, "attentions", ..]).Select(parts => parts[1])];

    public IEnumerable<SourceKey> Of(string key) => [new(Prefix + InFile(key.Split('.')))];

    private string InFile(string[] key) => key switch
    {
        ["conv_in", var value] => $"input_blocks.0.0.{value}",
        ["time_embedding", var linear, var value] => $"time_embed.{Linear(linear)}.{value}",
        ["add_embedding", var linear, var value] => $"label_emb.0.{Linear(linear)}.{value}",
        ["down_blocks", var level, "resnets", var layer, .. var rest] => $"input_blocks.{(Blocks * Number(level)) + Number(layer) + 1}.0.{Residual(rest)}",
        ["down_blocks", var level, "attentions", var layer, .. var rest] => $"input_blocks.{(Blocks * Number(level)) + Number(layer) + 1}.1.{Joined(rest)}",
        ["down_blocks", var level, "downsamplers", "0", "conv", var value] => $"input_blocks.{Blocks * (Number(level) + 1)}.0.op.{value}",
        ["mid_block", "resnets", var layer, .. var rest] => $"middle_block.{2 * Number(layer)}.{Residual(rest)}",
        ["mid_block", "attentions", "0", .. var rest] => $"middle_block.1.{Joined(rest)}",
        ["up_blocks", var level, "resnets", var layer, .. var rest] => $"output_blocks.{(Blocks * Number(level)) + Number(layer)}.0.{Residual(rest)}",
        ["up_blocks", var level, "attentions", var layer, .. var rest] => $"output_blocks.{(Blocks * Number(level)) + Number(layer)}.1.{Joined(rest)}",
        ["up_blocks", var level, "upsamplers", "0", "conv", var value] => $"output_blocks.{(Blocks * Number(level)) + Blocks - 1}.{(_attentiveLevels.Contains(level) ? 2 : 1)}.conv.{value}",
        ["conv_norm_out", var value] => $"out.0.{value}",
        ["conv_out", var value] => $"out.2.{value}",
        _ => throw KeyText.Unknown(key),
    };

    /// <summary>A residual part is a norm, an activation and a convolution, twice, with the time between.</summary>
    private static string Residual(string[] key) => key switch
    {
        ["norm1", var value] => $"in_layers.0.{value}",
        ["conv1", var value] => $"in_layers.2.{value}",
        ["time_emb_proj", var value] => $"emb_layers.1.{value}",
        ["norm2", var value] => $"out_layers.0.{value}",
        ["conv2", var value] => $"out_layers.3.{value}",
        ["conv_shortcut", var value] => $"skip_connection.{value}",
        _ => throw KeyText.Unknown(key),
    };

    private static int Linear(string name) => name switch
    {
        "linear_1" => 0,
        "linear_2" => 2,
        _ => throw KeyText.Unknown([name]),
    };

    private static int Number(string text) => KeyText.Number(text);

    private static string Joined(string[] parts) => string.Join('.', parts);
}
