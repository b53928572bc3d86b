using System.Text;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>
/// Prompts joined by the word AND, each with a weight after a colon: "a cat :1.2 AND a dog". Composition of diffusion models,
/// Liu et al., arXiv:2206.01714, in stable-diffusion-webui's notation.
/// </summary>
internal static class PromptComposition
{
    private const string Conjunction = "AND";

    /// <summary>The parts in order, at least one; without a number the weight is 1.</summary>
    public static IReadOnlyList<WeightedText> Parse(string prompt)
    {
        List<WeightedText> parts = [];
        var start = 0;
        for (var at = Characters.FindWord(prompt, Conjunction, 0); at >= 0; at = Characters.FindWord(prompt, Conjunction, start))
        {
            parts.Add(Part(prompt[start..at]));
            start = at + Conjunction.Length;
        }

        parts.Add(Part(prompt[start..]));
        return parts;
    }

    private static WeightedText Part(string text)
    {
        text = text[..Characters.TrimEnd(text, 0, text.Length)];
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            return new WeightedText(text, 1);
        }

        var number = text.AsSpan(Characters.SkipSpace(text, colon + 1));
        return IsNumber(number) && Characters.TryParseDecimal(number, out var weight)
            ? new WeightedText(text[..Characters.TrimEnd(text, 0, colon)], weight)
            : new WeightedText(text, 1);
    }

    private static bool IsNumber(ReadOnlySpan<char> text)
    {
        var isNumber = false;
        foreach (var rune in text.TrimStart("+-").EnumerateRunes())
        {
            if (rune.Value != '.' && !Rune.IsDigit(rune))
            {
                return false;
            }

            isNumber |= rune.Value != '.';
        }

        return isNumber;
    }
}
