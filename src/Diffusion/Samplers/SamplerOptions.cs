namespace RenderFarm.Diffusion.Samplers;

/// <summary>What a request may ask of a sampler beyond its schedule.</summary>
internal sealed record SamplerOptions
{
    /// <summary>The share of fresh noise in each step, from 0 (none) to 1.</summary>
    public float Eta { get; init; }

    /// <summary>How much noise the steps add before they start, in all: S_churn of Karras et al., arXiv:2206.00364.</summary>
    public double Churn { get; init; }

    /// <summary>The lowest noise level to which noise is added: S_tmin.</summary>
    public double ChurnFrom { get; init; }

    /// <summary>The highest noise level to which noise is added: S_tmax.</summary>
    public double ChurnTo { get; init; } = double.PositiveInfinity;

    /// <summary>What fresh noise is multiplied by: S_noise.</summary>
    public double NoiseScale { get; init; } = 1;
}
