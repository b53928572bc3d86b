using System.Text;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Tokenization;

/// <summary>
/// CLIP's tokenizer: added tokens are cut out, the rest is normalised, split into words and each word byte-pair encoded.
/// The result is begin, tokens, end, padded to the model's length; longer prompts are cut.
/// </summary>
internal sealed class ClipTokenizer
{
    private readonly BytePairEncoding _encoding;
    private readonly TokenizerConfig _config;
    private readonly int _length;

    public ClipTokenizer(BytePairEncoding encoding, TokenizerConfig config, int length)
    {
        _encoding = encoding;
        _config = config;
        _length = length;
    }

    /// <summary>Reads the tokenizer in a part of a folder; notes what is wrong and returns null where it cannot be used.</summary>
    public static ClipTokenizer? Read(ProblemList problems, string prefix, int length)
    {
        var before = problems.Count;
        var vocabulary = TokenizerFiles.ReadVocabulary(problems, prefix + "vocab.json");
        var merges = TokenizerFiles.ReadMerges(problems, prefix + "merges.txt");
        if (problems.Count > before)
        {
            return null;
        }

        var config = TokenizerConfig.Read(problems, prefix, vocabulary);
        return problems.Count == before ? new ClipTokenizer(new BytePairEncoding(vocabulary, merges, config.Unknown), config, length) : null;
    }

    /// <summary>How many tokens the model takes at once, with begin and end.</summary>
    public int Length => _length;

    /// <summary>The token before the text.</summary>
    public int Begin => _config.Begin;

    /// <summary>The token after the text.</summary>
    public int End => _config.End;

    /// <summary>The token that fills up to the model's length.</summary>
    public int Pad => _config.Pad;

    public int[] Encode(string prompt)
    {
        var ids = new List<int>(_length) { _config.Begin };
        AddTokens(prompt, ids, _length);
        if (ids.Count > _length - 1)
        {
            ids.RemoveRange(_length - 1, ids.Count - _length + 1);
        }

        ids.Add(_config.End);
        ids.AddRange(Enumerable.Repeat(_config.Pad, _length - ids.Count));
        return [.. ids];
    }

    /// <summary>All tokens of a text, however long, without begin and end.</summary>
    public IReadOnlyList<int> EncodeAll(string text)
    {
        List<int> ids = [];
        AddTokens(text, ids, int.MaxValue);
        return ids;
    }

    private void AddTokens(string prompt, List<int> ids, int enough)
    {
        foreach (var (text, token) in Pieces(prompt))
        {
            if (ids.Count >= enough)
            {
                return;
            }

            if (token is { } id)
            {
                ids.Add(id);
            }
            else
            {
                EncodeWords(text, ids, enough);
            }
        }
    }

    /// <summary>Normalised text and added tokens in turn; some tokens are found before the text is normalised, some after.</summary>
    private IEnumerable<(string Text, int? Token)> Pieces(string prompt)
    {
        foreach (var piece in _config.AddedTokens.Split(prompt, normalized: false))
        {
            if (piece.Token is not null)
            {
                yield return piece;
                continue;
            }

            foreach (var part in _config.AddedTokens.Split(ClipText.Normalize(piece.Text), normalized: true))
            {
                yield return part;
            }
        }
    }

    private void EncodeWords(string text, List<int> ids, int enough)
    {
        foreach (var word in ClipText.Words(text))
        {
            if (ids.Count >= enough)
            {
                return;
            }

            _encoding.Encode(Encoding.UTF8.GetBytes(text[word]), ids);
        }
    }
}
