using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>
/// The vocabulary of OpenAI's CLIP, which follows from its merges: the bytes' symbols, the same at the end of a word, a token for each merge
/// in order, and begin and end.
/// </summary>
internal sealed class ClipVocabulary
{
    private const string WordEnd = "</w>";
    private const string BeginToken = "<|startoftext|>";
    private const string EndToken = "<|endoftext|>";

    private readonly Dictionary<string, int> _tokens = new(StringComparer.Ordinal);
    private readonly List<(string Left, string Right)> _merges = [];

    private ClipVocabulary(TextReader merges)
    {
        // 1. The bytes that can be seen come first, in their order, then the others.
        int[] bytes = [.. Enumerable.Range(0, 256).OrderBy(value => BytePairEncoding.ByteSymbol(value))];
        string[] symbols = [.. bytes.Select(value => BytePairEncoding.ByteSymbol(value).ToString())];
        foreach (var symbol in symbols.Concat(symbols.Select(symbol => symbol + WordEnd)))
        {
            _tokens.Add(symbol, _tokens.Count);
        }

        // 2. The merges, below a line that names their version.
        merges.ReadLine();
        while (merges.ReadLine() is { Length: > 0 } line)
        {
            var space = line.IndexOf(' ', StringComparison.Ordinal);
            _merges.Add((line[..space], line[(space + 1)..]));
            _tokens.TryAdd(line.Remove(space, 1), _tokens.Count);
        }

        _tokens.Add(BeginToken, _tokens.Count);
        _tokens.Add(EndToken, _tokens.Count);
    }

    /// <summary>All tokens with their numbers.</summary>
    public IReadOnlyDictionary<string, int> Tokens => _tokens;

    public static ClipVocabulary Read(Stream merges)
    {
        using var reader = new StreamReader(merges);
        return new ClipVocabulary(reader);
    }

    /// <summary>A tokenizer that pads with a token, which is then found in texts as a whole; null pads with the end.</summary>
    public ClipTokenizer Tokenizer(string? pad, int length)
    {
        var (begin, end) = (_tokens[BeginToken], _tokens[EndToken]);
        List<AddedToken> added = [new(BeginToken, begin, Normalized: true), new(EndToken, end, Normalized: true)];
        if (pad is not null)
        {
            added.Add(new AddedToken(pad, _tokens[pad], Normalized: true));
        }

        var config = new TokenizerConfig(begin, end, pad is null ? end : _tokens[pad], end, new AddedTokens(added));
        return new ClipTokenizer(new BytePairEncoding(_tokens, _merges, end), config, length);
    }
}
