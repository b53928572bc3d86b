using System.Buffers;
using System.Globalization;
using System.Text;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>Character classes as stable-diffusion-webui's expressions have them, where .NET's differ: Python's \s, \w, \b and numbers.</summary>
internal static class Characters
{
    /// <summary>White space, and the four separators U+001C to U+001F.</summary>
    public static bool IsSpace(char character) => char.IsWhiteSpace(character) || character is >= '\u001c' and <= '\u001f';

    /// <summary>The index of the first character from here that is not white space.</summary>
    public static int SkipSpace(string text, int from)
    {
        while (from < text.Length && IsSpace(text[from]))
        {
            from++;
        }

        return from;
    }

    /// <summary>The end of a text that starts here when white space at its end is left out.</summary>
    public static int TrimEnd(string text, int start, int end)
    {
        while (end > start && IsSpace(text[end - 1]))
        {
            end--;
        }

        return end;
    }

    /// <summary>Letters, numbers of any kind and the underscore.</summary>
    public static bool IsWord(Rune rune) => rune.Value == '_' || Rune.IsLetter(rune) || Rune.IsNumber(rune);

    /// <summary>The next place from here where the word stands by itself, or -1.</summary>
    public static int FindWord(string text, string word, int from)
    {
        for (var at = text.IndexOf(word, from, StringComparison.Ordinal); at >= 0; at = text.IndexOf(word, at + 1, StringComparison.Ordinal))
        {
            var startsHere = at == 0 || Rune.DecodeLastFromUtf16(text.AsSpan(0, at), out var before, out _) != OperationStatus.Done || !IsWord(before);
            var end = at + word.Length;
            if (startsHere && (end == text.Length || !Rune.TryGetRuneAt(text, end, out var after) || !IsWord(after)))
            {
                return at;
            }
        }

        return -1;
    }

    /// <summary>Whether digits of any script, at most one sign and one point are a number; no exponent.</summary>
    public static bool TryParseDecimal(ReadOnlySpan<char> text, out double number)
    {
        var plain = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var digit = Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber ? (int)Rune.GetNumericValue(rune) : -1;
            plain.Append(digit >= 0 ? (char)('0' + digit) : rune.IsAscii ? (char)rune.Value : '?');
        }

        return double.TryParse(plain.ToString(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number);
    }
}
