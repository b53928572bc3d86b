using System.Text.RegularExpressions;

namespace RenderFarm.Diffusion.Prompts;

/// <summary>Takes what follows a # out of each line of a prompt, as stable-diffusion-webui 1.10 does before it reads anything else.</summary>
internal static partial class PromptComments
{
    public static string Strip(string prompt) => Rest().Replace(Line().Replace(prompt, "\n"), "\n");

    // A line that is a comment goes with one of its line ends.
    [GeneratedRegex("""(?:\A|\n)#[^\n]*(?:\n|\z)""")]
    private static partial Regex Line();

    [GeneratedRegex("""#[^\n]*(?:\n|\z)""")]
    private static partial Regex Rest();
}
