namespace RenderFarm.Shared.Settings;

/// <summary>Names of the ways to read a prompt.</summary>
public static class PromptSyntaxNames
{
    /// <summary>As stable-diffusion-webui does: weights such as <c>(word:1.2)</c>, BREAK, AND, editing, alternation, <c>&lt;lora:name:0.8&gt;</c>, of any length.</summary>
    public const string Webui = "webui";

    /// <summary>As diffusers does: every character is text, cut to the model's length.</summary>
    public const string Literal = "literal";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Webui, Literal];
}
