using RenderFarm.Diffusion.Tokenization;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>
/// A prompt's tokens in chunks, as stable-diffusion-webui 1.10 cuts them: a full chunk or a BREAK begins the next one, and words after the
/// chunk's last comma move on together if that comma is at most 20 tokens back. Chunks are filled up with end tokens.
/// </summary>
internal sealed class ChunkedPrompt
{
    private const int CommaBacktrack = 20;

    private readonly int _begin;
    private readonly int _end;
    private readonly int _length;
    private readonly List<PromptChunk> _chunks = [];
    private List<int> _tokens = [];
    private List<float> _weights = [];
    private int? _lastComma;

    private ChunkedPrompt(int begin, int end, int length)
    {
        (_begin, _end, _length) = (begin, end, length);
    }

    /// <summary>At least one.</summary>
    public IReadOnlyList<PromptChunk> Chunks => _chunks;

    /// <summary>The tokens in use: all places of each chunk but the last, which counts what it holds.</summary>
    public int Count { get; private set; }

    /// <summary>The chunks of a prompt for the text network that reads this tokenizer's tokens.</summary>
    public static ChunkedPrompt Cut(IReadOnlyList<WeightedText> prompt, ClipTokenizer tokenizer)
    {
        var cut = new ChunkedPrompt(tokenizer.Begin, tokenizer.End, tokenizer.Length - 2);
        var comma = tokenizer.EncodeAll(",") is [var only] ? only : (int?)null;
        foreach (var run in prompt)
        {
            if (run.IsBreak)
            {
                cut.EndChunk();
                continue;
            }

            foreach (var token in tokenizer.EncodeAll(run.Text))
            {
                cut.Add(token, token == comma, (float)run.Weight);
            }
        }

        if (cut._tokens.Count > 0 || cut._chunks.Count == 0)
        {
            var held = cut._tokens.Count;
            cut.EndChunk();
            cut.Count += held - cut._length;
        }

        return cut;
    }

    private void Add(int token, bool isComma, float weight)
    {
        if (isComma)
        {
            _lastComma = _tokens.Count;
        }
        else if (_tokens.Count == _length && _lastComma is { } comma && _length - comma <= CommaBacktrack)
        {
            var next = comma + 1;
            var (movedTokens, movedWeights) = (_tokens[next..], _weights[next..]);
            _tokens.RemoveRange(next, _tokens.Count - next);
            _weights.RemoveRange(next, _weights.Count - next);
            EndChunk();
            (_tokens, _weights) = (movedTokens, movedWeights);
        }

        if (_tokens.Count == _length)
        {
            EndChunk();
        }

        _tokens.Add(token);
        _weights.Add(weight);
    }

    private void EndChunk()
    {
        var empty = _length - _tokens.Count;
        _chunks.Add(new PromptChunk(
            [_begin, .. _tokens, .. Enumerable.Repeat(_end, empty + 1)],
            [1, .. _weights, .. Enumerable.Repeat(1f, empty + 1)]));
        _tokens.Clear();
        _weights.Clear();
        _lastComma = null;
        Count += _length;
    }
}
