using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Which part of the start image is drawn anew.</summary>
public sealed record Inpainting
{
    /// <summary>A picture of the start image's size: white is drawn anew, black stays.</summary>
    public required InputImage Mask { get; init; }

    /// <summary>What the masked part starts from.</summary>
    public MaskFill Fill { get; init; } = MaskFill.Original;
}

/// <summary>What the masked part of a picture starts from.</summary>
public enum MaskFill
{
    /// <summary>The picture as it is.</summary>
    Original,

    /// <summary>Noise alone.</summary>
    LatentNoise,

    /// <summary>Latents of zero.</summary>
    LatentNothing,
}
