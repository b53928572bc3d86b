using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>
/// The settings of a picture as stable-diffusion-webui writes them into the PNG text chunk "parameters", which many tools read:
/// the prompt, a line with the negative prompt, a line of "key: value" pairs in webui's order.
/// </summary>
public static class GenerationText
{
    /// <summary>The keyword of the PNG text chunk.</summary>
    public const string Keyword = "parameters";

    // A value of nothing at all would be read as a pair that is missing.
    private const string Empty = "\"\"";
    private const string NegativePrompt = "Negative prompt:";

    // A last line of fewer pairs is taken for a line of the prompt.
    private const int FewestPairs = 3;

    // Without backtracking, so that a hostile text takes no longer than another of its length.
    private static readonly Regex Pairs = new(
        @"\s*(\w[\w \-/]+):\s*(""(?:\\.|[^\\""])+""|[^,]*)(?:,|$)", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private static readonly Regex Sides = new(@"^(\d+)x(\d+)$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>For a request, before or after it is rendered.</summary>
    public static string For(ImageRequest request, ModelFolder model) => Write(RequestRules.WithSize(request, model), model.Name, model.Digest);

    /// <summary>For a picture, where the model's name and digest are known but not its folder.</summary>
    public static string For(RenderedImage image, string modelName, string modelDigest) =>
        Write(image.Request.Hires is null ? image.Request with { Width = image.Width, Height = image.Height } : image.Request, modelName, modelDigest, image.LoraHashes);

    /// <summary>Reads what this library or stable-diffusion-webui has written; text without settings is a prompt.</summary>
    public static Generation Parse(string text)
    {
        var lines = text.Trim().Split('\n').ToList();
        var pairs = Pairs.Matches(lines[^1]);
        if (pairs.Count >= FewestPairs)
        {
            lines.RemoveAt(lines.Count - 1);
        }

        lines = lines.ConvertAll(line => line.Trim());
        var negative = lines.FindIndex(line => line.StartsWith(NegativePrompt, StringComparison.Ordinal));
        var prompt = lines[..(negative < 0 ? lines.Count : negative)];
        var negatives = negative < 0 ? [] : lines[negative..].ConvertAll(line => line.StartsWith(NegativePrompt, StringComparison.Ordinal) ? line[NegativePrompt.Length..].Trim() : line);
        return new Generation
        {
            Prompt = Joined(prompt),
            NegativePrompt = Joined(negatives),
            Fields = pairs.Count < FewestPairs ? new Dictionary<string, string>() : Fields(pairs),
        };
    }

    internal static string Write(ImageRequest request, string modelName, string modelDigest, IReadOnlyDictionary<string, string>? loraHashes = null)
    {
        var source = new GenerationSource(request, modelName, modelDigest, loraHashes);
        var pairs = GenerationPairs.All
            .Select(pair => (pair.Key, Value: pair.Write(source)))
            .Where(pair => pair.Value is not null)
            .Select(pair => pair.Key == pair.Value ? pair.Key : $"{pair.Key}: {(pair.Value == "" ? Empty : Quote(pair.Value!))}");
        var negative = request.NegativePrompt.Length > 0 ? $"\n{NegativePrompt} {request.NegativePrompt}" : "";
        return $"{request.Prompt}{negative}\n{string.Join(", ", pairs)}".Trim();
    }

    /// <summary>A value that holds one of the text's own separators, or would not be read back as it is, is written as a JSON string.</summary>
    internal static string Quote(string value)
    {
        if (!value.AsSpan().ContainsAny(',', ':', '\n') && !value.StartsWith('"') && value.Trim().Length == value.Length)
        {
            return value;
        }

        // Letters of all languages stay as they are, which none of the framework's encoders does.
        var json = new StringBuilder("\"");
        foreach (var letter in value)
        {
            _ = letter switch
            {
                '"' or '\\' => json.Append('\\').Append(letter),
                '\n' => json.Append("\\n"),
                '\r' => json.Append("\\r"),
                '\t' => json.Append("\\t"),
                '\b' => json.Append("\\b"),
                '\f' => json.Append("\\f"),
                < ' ' => json.Append("\\u").Append(((int)letter).ToString("x4", System.Globalization.CultureInfo.InvariantCulture)),
                _ => json.Append(letter),
            };
        }

        return json.Append('"').ToString();
    }

    private static Dictionary<string, string> Fields(MatchCollection pairs)
    {
        var fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Match pair in pairs)
        {
            var (key, value) = (pair.Groups[1].Value, Unquoted(pair.Groups[2].Value));
            if (Sides.Match(value) is { Success: true } sides)
            {
                (fields[$"{key}-1"], fields[$"{key}-2"]) = (sides.Groups[1].Value, sides.Groups[2].Value);
            }
            else if (pair.Groups[2].Length > 0)
            {
                fields[key] = value;
            }
        }

        return fields;
    }

    private static string Unquoted(string value)
    {
        if (value is not ['"', .., '"'])
        {
            return value;
        }

        try
        {
            return JsonSerializer.Deserialize<string>(value) ?? value;
        }
        catch (JsonException)
        {
            return value;
        }
    }

    // Empty lines at the start are not kept.
    private static string Joined(IEnumerable<string> lines) => lines.Aggregate("", (text, line) => text.Length == 0 ? line : $"{text}\n{line}");
}
