using System.Globalization;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Cli.Commands;

/// <summary>A LoRA on the command line: its name, and after a colon its weight.</summary>
internal static class LoraWord
{
    public static LoraSettings Read(string word)
    {
        var colon = word.LastIndexOf(':');
        if (colon < 0)
        {
            return new LoraSettings { Name = word };
        }

        return double.TryParse(word.AsSpan(colon + 1), NumberStyles.Float, CultureInfo.InvariantCulture, out var weight)
            ? new LoraSettings { Name = word[..colon], Weight = weight }
            : throw new UserError($"--lora is '{word}'; allowed: a name, or a name, a colon and a weight, such as film:0.8.");
    }
}
