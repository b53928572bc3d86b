using System.Text.Json;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Tokenization;

/// <summary>Reads a tokenizer's vocabulary and merges.</summary>
internal static class TokenizerFiles
{
    public static Dictionary<string, int> ReadVocabulary(ProblemList problems, string file)
    {
        var vocabulary = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in ModelJson.Read(file, problems)?.Properties ?? [])
        {
            if (entry.Value.ValueKind == JsonValueKind.Number && entry.Value.TryGetInt32(out var id) && id >= 0)
            {
                vocabulary[entry.Name] = id;
            }
            else
            {
                problems.Add(file, $"'{entry.Name}' has no token number.", "Restore the file from the model's source.");
                break;
            }
        }

        return vocabulary;
    }

    public static IReadOnlyList<(string Left, string Right)> ReadMerges(ProblemList problems, string file)
    {
        if (!File.Exists(problems.PathOf(file)))
        {
            problems.Add(file, "The file is missing.", "Copy the whole folder, or export the model with Optimum.");
            return [];
        }

        List<(string, string)> merges = [];
        foreach (var line in File.ReadLines(problems.PathOf(file)))
        {
            if (line.Length == 0 || line.StartsWith("#version", StringComparison.Ordinal))
            {
                continue;
            }

            if (line.Split(' ') is not [var left, var right])
            {
                problems.Add(file, $"The line '{line}' is not two symbols.", "Restore the file from the model's source.");
                break;
            }

            merges.Add((left, right));
        }

        return merges;
    }
}
