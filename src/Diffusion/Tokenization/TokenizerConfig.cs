using System.Text.Json;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Tokenization;

/// <summary>The special tokens that a tokenizer's config names.</summary>
internal sealed record TokenizerConfig(int Begin, int End, int Pad, int Unknown, AddedTokens AddedTokens)
{
    private const string FileName = "tokenizer_config.json";
    private const string BeginToken = "<|startoftext|>";
    private const string EndToken = "<|endoftext|>";

    public static TokenizerConfig Read(ProblemList problems, string prefix, IReadOnlyDictionary<string, int> vocabulary)
    {
        var json = ReadOptional(problems, prefix + FileName);
        var special = ReadOptional(problems, prefix + "special_tokens_map.json");
        List<AddedToken> added = [];
        foreach (var entry in json?.Find("added_tokens_decoder") is { ValueKind: JsonValueKind.Object } decoder ? decoder.EnumerateObject() : default)
        {
            if (int.TryParse(entry.Name, out var id) && Content(entry.Value) is { Length: > 0 } content)
            {
                added.Add(new AddedToken(content, id, entry.Value.TryGetProperty("normalized", out var flag) && flag.ValueKind == JsonValueKind.True));
            }
        }

        var begin = IdOf("bos_token", BeginToken);
        var end = IdOf("eos_token", EndToken);
        return new TokenizerConfig(begin, end, IdOf("pad_token", EndToken), IdOf("unk_token", EndToken), new AddedTokens(added));

        int IdOf(string key, string fallback)
        {
            var token = Content(json?.Find(key)) ?? Content(special?.Find(key)) ?? fallback;
            if (added.Find(candidate => candidate.Content == token) is { } known)
            {
                return known.Id;
            }

            if (!vocabulary.TryGetValue(token, out var id))
            {
                problems.Add(prefix + FileName, $"{key} is '{token}', which is not in vocab.json.", "Restore the tokenizer's files from the model's source.");
                return 0;
            }

            added.Add(new AddedToken(token, id, Normalized: true));
            return id;
        }
    }

    private static ModelJson? ReadOptional(ProblemList problems, string file) =>
        File.Exists(problems.PathOf(file)) ? ModelJson.Read(file, problems) : null;

    // A token is written as text, or as an object with its content.
    private static string? Content(JsonElement? value) => value switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { ValueKind: JsonValueKind.Object } token when token.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String => content.GetString(),
        _ => null,
    };
}
