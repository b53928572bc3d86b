namespace RenderFarm.Diffusion.Models;

/// <summary>One thing that is wrong with a model folder: where, what, and how to put it right.</summary>
public sealed record ModelProblem(string File, string Problem, string Fix)
{
    /// <inheritdoc/>
    public override string ToString() => $"{File}: {Problem} {Fix}";
}
