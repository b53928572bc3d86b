namespace RenderFarm.Diffusion;

/// <summary>What weights in a prompt do, by name; for <see cref="PromptSyntaxNames.Webui"/>.</summary>
public static class EmphasisNames
{
    /// <summary>A token's vector is multiplied by its weight, then all vectors are scaled so that their mean is what it was.</summary>
    public const string Original = "original";

    /// <summary>A token's vector is multiplied by its weight.</summary>
    public const string NoNorm = "no-norm";

    /// <summary>Weights are read and not applied.</summary>
    public const string Ignore = "ignore";

    /// <summary>Weights are not read: brackets, numbers and BREAK are text.</summary>
    public const string None = "none";

    public static IReadOnlyList<string> All { get; } = [Original, NoNorm, Ignore, None];
}
