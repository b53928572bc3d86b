using System.Globalization;
using System.Text;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Shared.Api;

/// <summary>File names for downloaded images, the same wherever people save one: <c>posters-00012-54.png</c>.</summary>
public static class ImageNames
{
    private const int MaxStemLength = 60;

    /// <summary>Named after the job, or after the prompt where the job has no name, then index and seed.</summary>
    public static string For(string jobName, string? prompt, long index, long seed, OutputSettings output)
    {
        var stem = Plain(jobName);
        stem = stem.Length > 0 ? stem : Plain(prompt ?? "");
        stem = stem.Length > 0 ? stem : "image";
        return string.Create(CultureInfo.InvariantCulture, $"{stem}-{index:00000}-{seed}.{output.Format}");
    }

    /// <summary>ASCII letters and digits, everything else one hyphen: safe on every file system and in every header.</summary>
    private static string Plain(string text)
    {
        var plain = new StringBuilder();
        foreach (var letter in text)
        {
            if (char.IsAsciiLetterOrDigit(letter))
            {
                plain.Append(char.ToLowerInvariant(letter));
            }
            else if (plain.Length > 0 && plain[^1] != '-')
            {
                plain.Append('-');
            }

            if (plain.Length == MaxStemLength)
            {
                break;
            }
        }

        return plain.ToString().Trim('-');
    }
}
