namespace RenderFarm.Diffusion;

/// <summary>How to load a pipeline.</summary>
public sealed record PipelineOptions
{
    /// <summary>"cpu", "cuda:N" or "tensorrt:N".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>A folder with the vae_decoder, and perhaps the vae_encoder, to use instead of the model's own; null is its own.</summary>
    public string? VaeFolder { get; init; }

    /// <summary>Whether the model's safety checker, if it has one, looks at every picture.</summary>
    public bool SafetyChecker { get; init; } = true;

    /// <summary>CPU threads within one network run; 0 is one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Whether every file is hashed and compared with the folder's SHA256SUMS.</summary>
    public bool VerifyDigest { get; init; } = true;

    /// <summary>How many encoded prompts to keep.</summary>
    public int TextCacheEntries { get; init; } = 128;

    /// <summary>Where LoRAs lie, as .safetensors files, in folders of any depth; null for none.</summary>
    public string? LoraFolder { get; init; }

    /// <summary>How many sets of LoRAs stay merged and loaded, besides the model without any.</summary>
    public int LoraSets { get; init; } = 2;

    /// <summary>A folder with the CLIP that <see cref="ImageRequest.BestOf"/> asks; null is the folder "clip" in the model's, if it has one.</summary>
    public string? ClipFolder { get; init; }

    /// <summary>How many of the pictures that <see cref="ImageRequest.BestOf"/> chooses from are rendered together at most.</summary>
    public int BestOfTogether { get; init; } = 16;

    /// <summary>
    /// Pictures wider or higher than this many pixels are decoded in overlapping tiles, which takes the memory of a tile; 0 decodes them whole.
    /// </summary>
    public int VaeTileSide { get; init; }

    /// <summary>Where networks are kept as the runtime optimised them for this processor, so that the next load is faster; takes about as much room as the model. Null keeps none.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>How many bytes of weights with LoRAs merged into them are kept in <see cref="CacheFolder"/> at most, those used last; 0, or without a folder, merges in memory.</summary>
    public long LoraCacheBytes { get; init; } = 8L << 30;

    /// <summary>The most memory that networks may take on a GPU, besides what its libraries take; null leaves it to the runtime.</summary>
    public long? GpuMemoryBytes { get; init; }

    internal void Check()
    {
        // A tile of fewer pixels has hardly anything beside its overlap.
        const int LeastTileSide = 64;
        if (VaeTileSide != 0 && (VaeTileSide < LeastTileSide || VaeTileSide % LeastTileSide != 0))
        {
            throw new ArgumentOutOfRangeException(nameof(VaeTileSide), VaeTileSide, $"Allowed are 0 and multiples of {LeastTileSide}.");
        }
    }
}
