using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>How a prompt is read, and its LoRAs, in the words of the settings line.</summary>
internal static class PromptLabels
{
    private static readonly (string Name, string Label)[] Emphases =
        [(EmphasisNames.Original, "Original"), (EmphasisNames.NoNorm, "No norm"), (EmphasisNames.Ignore, "Ignore"), (EmphasisNames.None, "None")];

    /// <summary>Null for webui's syntax, which is what a text means that names none.</summary>
    public static string? Syntax(ImageRequest request) => request.PromptSyntax == PromptSyntaxNames.Webui ? null : request.PromptSyntax;

    /// <summary>Null for the usual one.</summary>
    public static string? Emphasis(ImageRequest request) => request.Emphasis == EmphasisNames.Original
        ? null
        : Emphases.FirstOrDefault(one => one.Name == request.Emphasis).Label
            ?? throw new RenderRequestException(nameof(ImageRequest.Emphasis), $"'{request.Emphasis}'", $"one of {string.Join(", ", EmphasisNames.All)}");

    public static string Emphasis(string label) =>
        Emphases.FirstOrDefault(one => one.Label == label).Name ?? throw new RenderRequestException("Emphasis", $"'{label}'", "Original, No norm, Ignore or None");

    /// <summary>As tags in the form that a prompt has: name, the text encoder's weight, the UNet's.</summary>
    public static string? Loras(ImageRequest request) => request.Loras.Count == 0
        ? null
        : string.Concat(request.Loras.Select(lora => $"<lora:{lora.Name}:{GenerationPairs.Number(lora.TextWeight)}:{GenerationPairs.Number(lora.UnetWeight)}>"));

    /// <summary>Names without the text's own separators, as webui writes them.</summary>
    public static string? LoraHashes(IReadOnlyDictionary<string, string>? hashes) => hashes is null or { Count: 0 }
        ? null
        : string.Join(", ", hashes.Select(hash => $"{hash.Key.Replace(":", "", StringComparison.Ordinal).Replace(",", "", StringComparison.Ordinal)}: {hash.Value}"));

    public static IReadOnlyList<LoraUse> Loras(string tags)
    {
        var parsed = ExtraNetworks.Parse(tags);
        return parsed is { Prompt: "", Others: [] }
            ? [.. parsed.Loras.Select(lora => new LoraUse { Name = lora.Name, TextWeight = lora.TextWeight, UnetWeight = lora.UnetWeight })]
            : throw new RenderRequestException("Loras", $"'{tags}'", "tags such as <lora:name:1:0.8>");
    }
}
