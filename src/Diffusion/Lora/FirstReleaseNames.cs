using System.Globalization;
using System.Text.RegularExpressions;

namespace RenderFarm.Diffusion.Lora;

/// <summary>
/// The UNet's modules as Stable Diffusion's first release and Stability's SDXL code name them, in diffusers' names.
/// Both number blocks through (input_blocks.4.1 is the second part of the fourth block after conv_in); every family of
/// Stable Diffusion has two residual layers per level on the way down and three on the way up.
/// </summary>
internal static partial class FirstReleaseNames
{
    private const int DownLayers = 2;
    private const int UpLayers = 3;

    private static readonly (string From, string To)[] Residual =
    [
        ("in_layers_2", "conv1"),
        ("emb_layers_1", "time_emb_proj"),
        ("out_layers_3", "conv2"),
        ("skip_connection", "conv_shortcut"),
    ];

    private static readonly Dictionary<string, string> Outside = new(StringComparer.Ordinal)
    {
        ["input_blocks_0_0"] = "conv_in",
        ["out_2"] = "conv_out",
        ["time_embed_0"] = "time_embedding_linear_1",
        ["time_embed_2"] = "time_embedding_linear_2",
        ["label_emb_0_0"] = "add_embedding_linear_1",
        ["label_emb_0_2"] = "add_embedding_linear_2",
    };

    /// <summary>Null where the module has no such name. Takes and gives underscores for dots.</summary>
    public static string? ToDiffusers(string module)
    {
        if (Outside.TryGetValue(module, out var outside))
        {
            return outside;
        }

        if (Block().Match(module) is not { Success: true } match)
        {
            return null;
        }

        var rest = match.Groups["rest"].Value;
        var part = Number("part");
        return match.Groups["side"].Value switch
        {
            "input_blocks" => Down(Number("block") - 1, part, rest),
            "output_blocks" => Up(Number("block"), part, rest),
            _ => part == 1 ? $"mid_block_attentions_0_{rest}" : $"mid_block_resnets_{part / 2}_{InResidual(rest)}",
        };

        int Number(string group) => int.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);
    }

    private static string? Down(int block, int part, string rest)
    {
        var (level, layer) = Math.DivRem(block, DownLayers + 1);
        return (layer, part) switch
        {
            (DownLayers, 0) when rest == "op" => $"down_blocks_{level}_downsamplers_0_conv",
            ( < DownLayers and >= 0, 0) => $"down_blocks_{level}_resnets_{layer}_{InResidual(rest)}",
            ( < DownLayers and >= 0, 1) => $"down_blocks_{level}_attentions_{layer}_{rest}",
            _ => null,
        };
    }

    private static string? Up(int block, int part, string rest)
    {
        var (level, layer) = Math.DivRem(block, UpLayers);
        return (part, rest) switch
        {
            (0, _) => $"up_blocks_{level}_resnets_{layer}_{InResidual(rest)}",

            // After the attention, or in its place on levels without.
            (1 or 2, "conv") => $"up_blocks_{level}_upsamplers_0_conv",
            (1, _) => $"up_blocks_{level}_attentions_{layer}_{rest}",
            _ => null,
        };
    }

    private static string InResidual(string rest) => Residual.FirstOrDefault(name => name.From == rest).To ?? rest;

    [GeneratedRegex(@"^(?<side>input_blocks|output_blocks)_(?<block>\d{1,3})_(?<part>\d)_(?<rest>.+)$|^(?<side>middle_block)_(?<part>[012])_(?<rest>.+)$")]
    private static partial Regex Block();
}
