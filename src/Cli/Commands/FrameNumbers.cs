using System.Globalization;

namespace RenderFarm.Cli.Commands;

/// <summary>Frames as people name them: <c>3,5-7</c>.</summary>
internal static class FrameNumbers
{
    private const int Most = 10_000;

    /// <summary>The numbers, each once, in growing order.</summary>
    public static IReadOnlyList<long> Parse(string text)
    {
        var numbers = new SortedSet<long>();
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            if (ends.Length > 2 || !ends.All(IsNumber))
            {
                throw new UserError($"'{part}' in --frames {text} is not a number or a range; expected numbers and ranges joined by commas, such as 3,5-7.");
            }

            var (first, last) = (Number(ends[0]), Number(ends[^1]));
            if (last < first || last - first >= Most - numbers.Count)
            {
                throw new UserError($"'{part}' in --frames {text} is not a range of frames; the first comes first, and at most {Most} frames are named at once.");
            }

            for (var number = first; number <= last; number++)
            {
                numbers.Add(number);
            }
        }

        return [.. numbers];
    }

    private static bool IsNumber(string text) => text.Trim() is { Length: > 0 and < 18 } digits && digits.All(char.IsAsciiDigit);

    private static long Number(string text) => long.Parse(text.Trim(), CultureInfo.InvariantCulture);
}
