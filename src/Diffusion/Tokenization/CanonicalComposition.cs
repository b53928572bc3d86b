using System.Globalization;
using System.Text;

namespace RenderFarm.Diffusion.Tokenization;

/// <summary>
/// Unicode's normalization form C (UAX 15). The runtime's own leaves text as it is where it runs without culture data,
/// and tokens must not depend on that.
/// </summary>
internal static class CanonicalComposition
{
    // Nothing below the first combining mark decomposes into or composes with a neighbour.
    private const int FirstCombining = 0x300;

    // Hangul syllables compose by arithmetic: Unicode standard, section 3.12.
    private const int SyllableBase = 0xac00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TrailBase = 0x11a7;
    private const int LeadCount = 19;
    private const int VowelCount = 21;
    private const int TrailCount = 28;
    private const int SyllableCount = LeadCount * VowelCount * TrailCount;

    private static readonly Lazy<Tables> Data = new(Tables.Read);

    public static string Compose(string text)
    {
        if (!text.Any(character => character >= FirstCombining))
        {
            return text;
        }

        var tables = Data.Value;

        // 1. Decompose fully.
        var codes = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, codes, tables);
        }

        // 2. Order each run of marks by combining class; equal classes keep their order.
        for (var start = 0; start < codes.Count; start++)
        {
            var end = start;
            while (end < codes.Count && tables.Class(codes[end]) != 0)
            {
                end++;
            }

            if (end - start > 1)
            {
                var marks = codes[start..end].OrderBy(tables.Class).ToArray();
                marks.CopyTo(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(codes)[start..end]);
            }

            start = end;
        }

        // 3. Compose each mark with the last starter unless one of the same or a higher class stands between.
        return ComposeMarks(codes, tables);
    }

    private static string ComposeMarks(List<int> codes, Tables tables)
    {
        var result = new List<int>(codes.Count);
        var starter = -1;
        var lastClass = 0;
        foreach (var code in codes)
        {
            var mark = tables.Class(code);
            var isBlocked = starter >= 0 && result.Count > starter + 1 && lastClass >= mark;
            if (starter >= 0 && !isBlocked && Pair(result[starter], code, tables) is { } composed)
            {
                result[starter] = composed;
                continue;
            }

            if (mark == 0)
            {
                starter = result.Count;
            }

            lastClass = mark;
            result.Add(code);
        }

        var text = new StringBuilder(result.Count);
        Span<char> characters = stackalloc char[2];
        foreach (var code in result)
        {
            text.Append(characters[..new Rune(code).EncodeToUtf16(characters)]);
        }

        return text.ToString();
    }

    private static void Decompose(int code, List<int> codes, Tables tables)
    {
        if (code - SyllableBase is >= 0 and < SyllableCount and var syllable)
        {
            codes.Add(LeadBase + (syllable / (VowelCount * TrailCount)));
            codes.Add(VowelBase + (syllable % (VowelCount * TrailCount) / TrailCount));
            if (syllable % TrailCount > 0)
            {
                codes.Add(TrailBase + (syllable % TrailCount));
            }
        }
        else if (tables.Decompositions.TryGetValue(code, out var parts))
        {
            foreach (var part in parts)
            {
                Decompose(part, codes, tables);
            }
        }
        else
        {
            codes.Add(code);
        }
    }

    private static int? Pair(int first, int second, Tables tables)
    {
        if (first - LeadBase is >= 0 and < LeadCount and var lead && second - VowelBase is >= 0 and < VowelCount and var vowel)
        {
            return SyllableBase + (((lead * VowelCount) + vowel) * TrailCount);
        }

        if (first - SyllableBase is >= 0 and < SyllableCount and var syllable && syllable % TrailCount == 0
            && second - TrailBase is > 0 and < TrailCount and var trail)
        {
            return SyllableBase + syllable + trail;
        }

        return tables.Compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private sealed record Tables(
        Dictionary<int, int[]> Decompositions,
        Dictionary<(int First, int Second), int> Compositions,
        Dictionary<int, byte> Classes)
    {
        public int Class(int code) => Classes.GetValueOrDefault(code);

        public static Tables Read()
        {
            var tables = new Tables([], [], []);
            using var stream = typeof(Tables).Assembly.GetManifestResourceStream("RenderFarm.Diffusion.Tokenization.canonical.txt")!;
            using var reader = new StreamReader(stream);
            while (reader.ReadLine() is { } line)
            {
                if (line.IndexOfAny(['=', '>']) is > 0 and var at && line[0] != '#')
                {
                    var code = Hex(line[..at]);
                    var parts = line[(at + 1)..].Split(' ').Select(Hex).ToArray();
                    tables.Decompositions.Add(code, parts);
                    if (line[at] == '=')
                    {
                        tables.Compositions.Add((parts[0], parts[1]), code);
                    }
                }
                else if (line.Split('-', ':') is [var first, var last, var mark] && line[0] != '#')
                {
                    for (var code = Hex(first); code <= Hex(last); code++)
                    {
                        tables.Classes.Add(code, byte.Parse(mark, CultureInfo.InvariantCulture));
                    }
                }
            }

            return tables;
        }

        private static int Hex(string digits) => int.Parse(digits, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }
}
