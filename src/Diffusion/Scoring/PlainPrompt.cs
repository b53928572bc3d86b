using RenderFarm.Diffusion.Prompts;

namespace RenderFarm.Diffusion.Scoring;

/// <summary>What a finished picture is to show, in words alone: without weights, tags and breaks, as the prompt reads at the last step.</summary>
internal static class PlainPrompt
{
    public static string Of(ImageRequest request)
    {
        if (request.PromptSyntax != PromptSyntaxNames.Webui)
        {
            return request.Prompt;
        }

        // What AND takes away with a negative weight is not to be seen.
        var parts = PromptComposition.Parse(ExtraNetworks.Parse(PromptComments.Strip(request.Prompt)).Prompt).Where(part => part.Weight > 0);
        return string.Join(", ", parts.Select(part => Words(PromptSchedule.Parse(part.Text, request.Steps)[^1].Text, request.Emphasis)));
    }

    private static string Words(string text, string emphasis) =>
        string.Concat(Emphasis.Parse(text, emphasis).Select(piece => piece.IsBreak ? " " : piece.Text)).Trim();
}
