using System.Text.Json;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Tokenization;

/// <summary>Reads a tokenizer's vocabulary and merges.</summary>
internal static class TokenizerFiles
{
    public static Dictionary<string, int> ReadVocabulary(ProblemList problems)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in ModelJson.Read("vocab.json", problems)?.Properties ?? [])
        {
            if (entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out var id) && id >= 0)
            {
                vocabulary[entry.Name] = id;
            }
            else
            {
                problems.Add("vocab.json", $"'{entry.Name}' has no token number.", "Restore the file from the model's source.");
                break;
            }
        }

        return vocabulary;
    }

    public static IReadOnlyList<(string Left, string Right)> ReadMerges(ProblemList problems)
    {
        if (!File.Exists(problems.PathOf("merges.txt")))
        {
            problems.Add("merges.txt", "The file is missing.", "Copy the whole folder, or export the model with Optimum.");
            return [];
        }

        List<(string, string)> merges = [];
        foreach (var line in File.ReadLines(problems.PathOf("merges.txt")))
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            if (line.Split(' ') is not [var left, var right])
            {
                problems.Add("merges.txt", $"The line '{line}' is not two symbols.", "Restore the file from the model's source.");
                break;
            }

            merges.Add((left, right));
        }

        return merges;
    }
}
