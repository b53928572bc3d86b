namespace RenderFarm.Shared.Api;

/// <summary>A frame as the API shows it.</summary>
public sealed record FrameView
{
    /// <summary>Index in the job.</summary>
    public required long Index { get; init; }

    /// <summary>State.</summary>
    public required FrameState State { get; init; }

    /// <summary>Prompt of this frame.</summary>
    public string? Prompt { get; init; }

    /// <summary>Seed of its noise; of the best of several, the kept one's once it is rendered.</summary>
    public required long Seed { get; init; }

    /// <summary>Pixels; null until rendered.</summary>
    public int? Width { get; init; }

    /// <summary>Pixels; null until rendered.</summary>
    public int? Height { get; init; }

    /// <summary>Size of the image file; null until rendered.</summary>
    public long? Bytes { get; init; }

    /// <summary>Of the image file, lower-case hexadecimal; null until rendered.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Milliseconds; null until rendered.</summary>
    public int? RenderMilliseconds { get; init; }

    /// <summary>Worker that rendered it or has it now.</summary>
    public string? Worker { get; init; }

    /// <summary>Why it failed.</summary>
    public string? Error { get; init; }

    /// <summary>Address of the image, relative to the API's base; null until rendered.</summary>
    public string? Image { get; init; }
}
