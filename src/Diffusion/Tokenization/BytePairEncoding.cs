namespace RenderFarm.Diffusion.Tokenization;

/// <summary>
/// Byte-pair encoding: Sennrich et al., arXiv:1508.07909, over the bytes of a word. The pair with the lowest rank merges first,
/// the leftmost of equals; a queue of candidate pairs keeps long words from costing the square of their length.
/// </summary>
internal sealed class BytePairEncoding
{
    private const string WordEnd = "</w>";

    private readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> _merges = [];
    private readonly int[] _inner = new int[256];
    private readonly int[] _last = new int[256];

    public BytePairEncoding(IReadOnlyDictionary<string, int> vocabulary, IReadOnlyList<(string Left, string Right)> merges, int unknown)
    {
        for (var value = 0; value < 256; value++)
        {
            var symbol = ByteSymbol(value).ToString();
            _inner[value] = vocabulary.GetValueOrDefault(symbol, unknown);
            _last[value] = vocabulary.GetValueOrDefault(symbol + WordEnd, unknown);
        }

        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right) = merges[rank];
            if (vocabulary.TryGetValue(left, out var leftId) && vocabulary.TryGetValue(right, out var rightId)
                && vocabulary.TryGetValue(left + right, out var merged))
            {
                _merges.TryAdd((leftId, rightId), (rank, merged));
            }
        }
    }

    /// <summary>Appends the tokens of one word.</summary>
    public void Encode(ReadOnlySpan<byte> word, List<int> ids)
    {
        // 1. Symbols as a linked list; -1 marks one that was merged into its left neighbour.
        var symbols = new int[word.Length];
        var next = new int[word.Length];
        var previous = new int[word.Length];
        for (var i = 0; i < word.Length; i++)
        {
            symbols[i] = (i == word.Length - 1 ? _last : _inner)[word[i]];
            (previous[i], next[i]) = (i - 1, i + 1);
        }

        // 2. Every pair that may merge, by rank, then by place.
        var candidates = new PriorityQueue<(int At, int Left, int Right, int Merged), (int Rank, int At)>();
        for (var i = 0; i < word.Length - 1; i++)
        {
            Offer(i);
        }

        // 3. Merge until none is left; a pair whose symbols have changed since is stale.
        while (candidates.TryDequeue(out var pair, out _))
        {
            var right = next[pair.At];
            if (symbols[pair.At] != pair.Left || right >= word.Length || symbols[right] != pair.Right)
            {
                continue;
            }

            symbols[pair.At] = pair.Merged;
            symbols[right] = -1;
            next[pair.At] = next[right];
            if (next[pair.At] < word.Length)
            {
                previous[next[pair.At]] = pair.At;
                Offer(pair.At);
            }

            if (previous[pair.At] >= 0)
            {
                Offer(previous[pair.At]);
            }
        }

        for (var i = 0; i < word.Length; i = next[i])
        {
            ids.Add(symbols[i]);
        }

        void Offer(int at)
        {
            if (_merges.TryGetValue((symbols[at], symbols[next[at]]), out var merge))
            {
                candidates.Enqueue((at, symbols[at], symbols[next[at]], merge.Merged), (merge.Rank, at));
            }
        }
    }

    /// <summary>The printable character that stands for a byte in CLIP's and GPT-2's vocabularies: others are moved to 256 and up.</summary>
    public static char ByteSymbol(int value)
    {
        static bool IsPrintable(int code) => code is (>= '!' and <= '~') or (>= 0xa1 and <= 0xac) or (>= 0xae and <= 0xff);
        return IsPrintable(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(code => !IsPrintable(code)));
    }
}
