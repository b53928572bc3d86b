namespace RenderFarm.Diffusion;

/// <summary>The ways to read a prompt by name.</summary>
public static class PromptSyntaxNames
{
    /// <summary>As diffusers does: every character is text, cut to the model's length.</summary>
    public const string Literal = "literal";

    /// <summary>As stable-diffusion-webui does: weights, BREAK, AND, editing and alternation, of any length.</summary>
    public const string Webui = "webui";

    public static IReadOnlyList<string> All { get; } = [Literal, Webui];
}
