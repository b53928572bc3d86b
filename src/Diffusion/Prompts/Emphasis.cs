using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>
/// Attention weights in a prompt, as stable-diffusion-webui 1.10 reads them: (text) times 1.1, [text] through 1.1, (text:1.3) times 1.3,
/// a backslash before a character that is meant itself. Brackets may cross or stay open; whatever does not fit is text.
/// </summary>
internal sealed class Emphasis
{
    private const double Round = 1.1;
    private const double Square = 1 / Round;
    private static readonly SearchValues<char> Syntax = SearchValues.Create("\\()[]:");

    private readonly List<string> _texts = [];
    private readonly List<double> _weights = [];
    private readonly Stack<int> _round = [];
    private readonly Stack<int> _square = [];

    private Emphasis()
    {
    }

    /// <summary>Runs of text, neighbours of equal weight joined; at least one, which may be empty.</summary>
    public static IReadOnlyList<WeightedText> Parse(string prompt)
    {
        var emphasis = new Emphasis();
        for (var at = 0; at < prompt.Length;)
        {
            // A weight such as 1.2.3 makes the whole prompt plain text.
            if (!emphasis.TryRead(prompt, ref at))
            {
                return [new WeightedText(prompt, 1)];
            }
        }

        emphasis.CloseAll();
        return emphasis.Joined();
    }

    /// <summary>The same, where the request's emphasis does not take brackets for text.</summary>
    public static IReadOnlyList<WeightedText> Parse(string prompt, string emphasis) =>
        emphasis == EmphasisNames.None ? [new WeightedText(prompt, 1)] : Parse(prompt);

    private bool TryRead(string prompt, ref int at)
    {
        switch (prompt[at])
        {
            case '\\':
                var isEscape = at + 1 < prompt.Length && prompt[at + 1] is '(' or ')' or '[' or ']' or '\\';
                Add(isEscape ? prompt[at + 1].ToString() : "", 1);
                at += isEscape ? 2 : 1;
                return true;
            case '(':
                _round.Push(_texts.Count);
                break;
            case '[':
                _square.Push(_texts.Count);
                break;
            case ')' when _round.TryPop(out var start):
                Multiply(start, Round);
                break;
            case ']' when _square.TryPop(out var start):
                Multiply(start, Square);
                break;
            case ':' when WeightAt(prompt, at) is var (number, end) && end > 0:
                return TryWeight(prompt, number, end, ref at);
            case ':' or ')' or ']':
                Add(prompt[at].ToString(), 1);
                break;
            default:
                var next = prompt.AsSpan(at).IndexOfAny(Syntax);
                var run = next < 0 ? prompt[at..] : prompt.Substring(at, next);
                AddWords(run);
                at += run.Length;
                return true;
        }

        at++;
        return true;
    }

    /// <summary>The number in ": number )" and where the bracket ends; 0 where that is not what stands there.</summary>
    private static (Range Number, int End) WeightAt(string prompt, int colon)
    {
        var start = Characters.SkipSpace(prompt, colon + 1);
        var digits = start < prompt.Length && prompt[start] is '+' or '-' ? start + 1 : start;
        var end = digits;
        while (end < prompt.Length && (prompt[end] == '.' || char.IsDigit(prompt, end)))
        {
            end += char.IsSurrogate(prompt[end]) ? 2 : 1;
        }

        var close = Characters.SkipSpace(prompt, end);
        return end > digits && close < prompt.Length && prompt[close] == ')' ? (start..end, close + 1) : default;
    }

    private bool TryWeight(string prompt, Range number, int end, ref int at)
    {
        if (!_round.TryPop(out var start))
        {
            Add(prompt[at..end], 1);
        }
        else if (Characters.TryParseDecimal(prompt.AsSpan(number), out var weight))
        {
            Multiply(start, weight);
        }
        else
        {
            return false;
        }

        at = end;
        return true;
    }

    private void AddWords(string run)
    {
        var start = 0;
        for (var at = Characters.FindWord(run, WeightedText.Break.Text, 0); at >= 0; at = Characters.FindWord(run, WeightedText.Break.Text, start))
        {
            Add(run[start..Characters.TrimEnd(run, start, at)], 1);
            Add(WeightedText.Break.Text, WeightedText.Break.Weight);
            start = Characters.SkipSpace(run, at + WeightedText.Break.Text.Length);
        }

        Add(run[start..], 1);
    }

    private void Add(string text, double weight)
    {
        _texts.Add(text);
        _weights.Add(weight);
    }

    // In the order of the brackets' ends, so that equal weights are equal to the last bit and join.
    private void Multiply(int start, double weight)
    {
        var weights = CollectionsMarshal.AsSpan(_weights)[start..];
        TensorPrimitives.Multiply(weights, weight, weights);
    }

    private void CloseAll()
    {
        foreach (var start in _round.Reverse())
        {
            Multiply(start, Round);
        }

        foreach (var start in _square.Reverse())
        {
            Multiply(start, Square);
        }
    }

    private List<WeightedText> Joined()
    {
        List<WeightedText> joined = [];
        for (var start = 0; start < _texts.Count;)
        {
            var end = start + 1;
            while (end < _texts.Count && _weights[end] == _weights[start])
            {
                end++;
            }

            joined.Add(new WeightedText(string.Concat(_texts[start..end]), _weights[start]));
            start = end;
        }

        return joined.Count > 0 ? joined : [new WeightedText("", 1)];
    }
}
