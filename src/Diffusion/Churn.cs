namespace RenderFarm.Diffusion;

/// <summary>Noise that each step adds before it denoises: Karras et al., arXiv:2206.00364, algorithm 2.</summary>
public sealed record Churn
{
    /// <summary>How much, over all steps: S_churn.</summary>
    public double Amount { get; init; }

    /// <summary>The lowest noise level that is raised: S_tmin.</summary>
    public double From { get; init; }

    /// <summary>The highest noise level that is raised: S_tmax.</summary>
    public double To { get; init; } = double.PositiveInfinity;
}
