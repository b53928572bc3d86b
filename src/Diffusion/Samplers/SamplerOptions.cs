namespace RenderFarm.Diffusion.Samplers;

/// <summary>What a request may ask of a sampler beyond its schedule.</summary>
internal sealed record SamplerOptions
{
    /// <summary>The share of fresh noise in each step, from 0 (none) to 1.</summary>
    public float Eta { get; init; }

    public Churn Churn { get; init; } = new();

    /// <summary>What fresh noise is multiplied by: S_noise of Karras et al., arXiv:2206.00364.</summary>
    public double NoiseScale { get; init; } = 1;
}
