namespace RenderFarm.Diffusion;

/// <summary>How to load a pipeline.</summary>
public sealed record PipelineOptions
{
    /// <summary>"cpu", "cuda:N" or "tensorrt:N".</summary>
    public string Device { get; init; } = "cpu";

    /// <summary>CPU threads within one network run; 0 is one per core.</summary>
    public int Threads { get; init; }

    /// <summary>Whether every file is hashed and compared with the folder's SHA256SUMS.</summary>
    public bool VerifyDigest { get; init; } = true;

    /// <summary>How many encoded prompts to keep.</summary>
    public int TextCacheEntries { get; init; } = 128;
}
