namespace RenderFarm.Diffusion.Noise;

/// <summary>What a picture's noise is made of beside its seed, as in stable-diffusion-webui.</summary>
public sealed record NoiseOptions
{
    /// <summary>One of <see cref="NoiseSourceNames"/>.</summary>
    public string Source { get; init; } = NoiseSourceNames.Cpu;

    /// <summary>The seed of the noise that the first noise is turned towards.</summary>
    public long VariationSeed { get; init; }

    /// <summary>How far the first noise is turned, from 0 (not) to 1 (it is the variation's).</summary>
    public double VariationStrength { get; init; }

    /// <summary>The width, in pixels, of a picture of the same seed that is to be kept in the middle; 0 is none.</summary>
    public int ResizeFromWidth { get; init; }

    /// <summary>The height of that picture; 0 is none.</summary>
    public int ResizeFromHeight { get; init; }

    /// <summary>What is added to the seed for all noise after the first; 0 goes on with the same source. Known as ENSD.</summary>
    public long EtaSeedDelta { get; init; }
}
