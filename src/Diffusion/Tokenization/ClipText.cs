using System.Globalization;
using System.Text;

namespace RenderFarm.Diffusion.Tokenization;

/// <summary>How CLIP reads text before byte-pair encoding: composed, with single spaces, in lower case, in words.</summary>
internal static class ClipText
{
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum Kind
    {
        Space,
        Letter,
        Digit,
        Other,
    }

    public static string Normalize(string text)
    {
        var lower = new StringBuilder(text.Length);
        var afterSpace = false;
        Span<char> characters = stackalloc char[2];
        foreach (var rune in CanonicalComposition.Compose(text).EnumerateRunes())
        {
            var isSpace = Rune.IsWhiteSpace(rune);
            if (isSpace && afterSpace)
            {
                continue;
            }

            afterSpace = isSpace;
            if (rune.Value == 0x130)
            {
                // The one letter whose lower case is two: dotted capital I.
                lower.Append("i\u0307");
                continue;
            }

            var length = (isSpace ? new Rune(' ') : Rune.ToLowerInvariant(rune)).EncodeToUtf16(characters);
            lower.Append(characters[..length]);
        }

        return lower.ToString();
    }

    /// <summary>Contractions, runs of letters, single digits, and runs of anything else; spaces only part them.</summary>
    public static IEnumerable<Range> Words(string text)
    {
        var start = 0;
        while (start < text.Length)
        {
            var end = start + LengthAt(text, start, out var kind);
            if (Contractions.FirstOrDefault(ending => string.CompareOrdinal(text, start, ending, 0, ending.Length) == 0) is { } contraction)
            {
                end = start + contraction.Length;
            }
            else if (kind is Kind.Letter or Kind.Other)
            {
                while (end < text.Length && LengthAt(text, end, out var next) is var length && next == kind)
                {
                    end += length;
                }
            }

            if (kind != Kind.Space)
            {
                yield return start..end;
            }

            start = end;
        }
    }

    private static int LengthAt(string text, int index, out Kind kind)
    {
        var rune = Rune.TryGetRuneAt(text, index, out var found) ? found : Rune.ReplacementChar;
        kind = Rune.IsWhiteSpace(rune) ? Kind.Space : Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => Kind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Digit,
            _ => Kind.Other,
        };
        return rune.Utf16SequenceLength;
    }
}
