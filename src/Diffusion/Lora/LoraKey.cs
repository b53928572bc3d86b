using System.Text.RegularExpressions;

namespace RenderFarm.Diffusion.Lora;

/// <summary>The network that a part of a LoRA is for.</summary>
internal enum LoraNetwork
{
    Unet,
    TextEncoder,
    TextEncoder2,
}

/// <summary>What a tensor of a LoRA is to its module.</summary>
internal enum LoraRole
{
    Down,
    Up,
    Mid,
    Alpha,
}

/// <summary>
/// A tensor's name taken apart: which module of which network, and what of it. A module is written with underscores for dots,
/// because that is all that kohya's form keeps of its path. Known are kohya's form (lora_unet_MODULE.lora_down.weight, modules
/// by diffusers' or the first release's names), peft's (unet.MODULE.lora_A.weight) and both older ones of diffusers
/// (MODULE.lora.down.weight, MODULE.processor.to_q_lora.down.weight).
/// </summary>
internal readonly partial record struct LoraKey(LoraNetwork Network, string Module, LoraRole Role)
{
    private static readonly (string Prefix, LoraNetwork Network)[] Prefixes =
    [
        ("lora_unet_", LoraNetwork.Unet),
        ("lora_te_", LoraNetwork.TextEncoder),
        ("lora_te1_", LoraNetwork.TextEncoder),
        ("lora_te2_", LoraNetwork.TextEncoder2),
        ("unet.", LoraNetwork.Unet),
        ("text_encoder.", LoraNetwork.TextEncoder),
        ("text_encoder_2.", LoraNetwork.TextEncoder2),
        ("base_model.model.", LoraNetwork.Unet),
    ];

    /// <summary>Null where the name is of no known form.</summary>
    public static LoraKey? Parse(string name)
    {
        if (Form().Match(name) is not { Success: true } match)
        {
            return null;
        }

        var (prefix, network) = Prefixes.FirstOrDefault(known => name.StartsWith(known.Prefix, StringComparison.Ordinal));
        var path = match.Groups["module"].Value;
        if (prefix is not null && path.Length <= prefix.Length)
        {
            return null;
        }

        var module = Processor().Replace(path[(prefix?.Length ?? 0)..], "$1").Replace('.', '_');
        module = network == LoraNetwork.Unet ? FirstReleaseNames.ToDiffusers(module) ?? module : module;
        return new LoraKey(network, BareOutput().Replace(module, "$0_0"), RoleOf(match.Groups["role"].Value));
    }

    private static LoraRole RoleOf(string word) => word switch
    {
        "down" or "A" => LoraRole.Down,
        "up" or "B" => LoraRole.Up,
        "mid" => LoraRole.Mid,
        _ => LoraRole.Alpha,
    };

    [GeneratedRegex(@"^(?<module>.+?)(?:\.lora_(?<role>down|up|mid)\.weight|\.lora_(?<role>A|B)(?:\.default)?\.weight|(?:\.lora|_lora|\.lora_linear_layer)\.(?<role>down|up)\.weight|\.(?<role>alpha))$")]
    private static partial Regex Form();

    // Attention processors held their LoRA themselves.
    [GeneratedRegex(@"(\.)processor\.")]
    private static partial Regex Processor();

    // They called to_out what is to_out.0, beside the dropout to_out.1.
    [GeneratedRegex("_to_out$")]
    private static partial Regex BareOutput();
}
