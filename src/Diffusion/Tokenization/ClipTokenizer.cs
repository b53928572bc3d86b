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

    private ClipTokenizer(BytePairEncoding encoding, TokenizerConfig config, int length)
    {
        _encoding = encoding;
        _config = config;
        _length = length;
    }

    /// <summary>Reads a tokenizer folder, or throws <see cref="ModelFolderException"/>.</summary>
    public static ClipTokenizer Read(string folder, int length)
    {
        var problems = new ProblemList(folder);
        var vocabulary = TokenizerFiles.ReadVocabulary(problems);
        var merges = TokenizerFiles.ReadMerges(problems);
        var config = TokenizerConfig.Read(problems, vocabulary);
        return problems.Count == 0
            ? new ClipTokenizer(new BytePairEncoding(vocabulary, merges, config.Unknown), config, length)
            : throw new ModelFolderException(folder, problems.Problems);
    }

    public int[] Encode(string prompt)
    {
        var ids = new List<int>(_length) { _config.Begin };
        foreach (var (raw, rawToken) in _config.AddedTokens.Split(prompt, normalized: false))
        {
            if (rawToken is { } rawId)
            {
                ids.Add(rawId);
                continue;
            }

            foreach (var (text, token) in _config.AddedTokens.Split(ClipText.Normalize(raw), normalized: true))
            {
                if (token is { } id)
                {
                    ids.Add(id);
                    continue;
                }

                EncodeWords(text, ids);
            }

            if (ids.Count >= _length)
            {
                break;
            }
        }

        if (ids.Count > _length - 1)
        {
            ids.RemoveRange(_length - 1, ids.Count - _length + 1);
        }

        ids.Add(_config.End);
        ids.AddRange(Enumerable.Repeat(_config.Pad, _length - ids.Count));
        return [.. ids];
    }

    private void EncodeWords(string text, List<int> ids)
    {
        foreach (var word in ClipText.Words(text))
        {
            if (ids.Count >= _length)
            {
                return;
            }

            _encoding.Encode(Encoding.UTF8.GetBytes(text[word]), ids);
        }
    }
}
