using System.Text.Json;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>Finds the files that a network of a diffusers folder is kept in: one, or parts that an index lists; in full precision or as the variant fp16.</summary>
internal static class WeightParts
{
    private const string WeightMap = "weight_map";

    /// <summary>The files of the network in a part of a folder, full precision first; null where it has none.</summary>
    public static IReadOnlyList<string>? Find(ProblemList problems, string part)
    {
        foreach (var name in part.StartsWith("text_encoder", StringComparison.Ordinal) ? ["model", "pytorch_model"] : new[] { "diffusion_pytorch_model" })
        {
            foreach (var (file, index) in new[] { ($"{name}.safetensors", $"{name}.safetensors.index.json"), ($"{name}.fp16.safetensors", $"{name}.safetensors.index.fp16.json") })
            {
                if (File.Exists(problems.PathOf($"{part}/{file}")))
                {
                    return [problems.PathOf($"{part}/{file}")];
                }

                if (File.Exists(problems.PathOf($"{part}/{index}")))
                {
                    return Listed(problems, part, index);
                }
            }
        }

        return null;
    }

    private static string[]? Listed(ProblemList problems, string part, string index)
    {
        var map = ModelJson.Read($"{part}/{index}", problems)?.Find(WeightMap);
        string?[] files = map is { ValueKind: JsonValueKind.Object } entries
            ? [.. entries.EnumerateObject().Select(entry => entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString() : null).Distinct()]
            : [];
        if (files.Length == 0 || files.Any(file => file is null || Path.GetFileName(file) != file || !file.EndsWith(".safetensors", StringComparison.Ordinal)))
        {
            problems.Add($"{part}/{index}", $"{WeightMap} must name for each tensor a .safetensors file beside it.", "Download the file again.");
            return null;
        }

        return [.. files.Select(file => problems.PathOf($"{part}/{file}")).Order(StringComparer.Ordinal)];
    }
}
