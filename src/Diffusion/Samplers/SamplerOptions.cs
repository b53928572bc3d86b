namespace RenderFarm.Diffusion.Samplers;

/// <summary>What a request may ask of a sampler beyond its schedule.</summary>
internal sealed record SamplerOptions
{
    /// <summary>The share of fresh noise in each step, from 0 (none) to 1.</summary>
    public float Eta { get; init; }
}
