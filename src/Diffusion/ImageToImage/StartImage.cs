using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>A picture to start from instead of pure noise.</summary>
public sealed record StartImage
{
    public required InputImage Image { get; init; }

    /// <summary>How much of the path from noise is walked: above 0 (the picture stays) to 1 (nearly nothing of it stays).</summary>
    public double Strength { get; init; } = 0.75;

    /// <summary>How a picture of another shape is brought to the request's size.</summary>
    public ResizeMode ResizeMode { get; init; } = ResizeMode.Stretch;
}
