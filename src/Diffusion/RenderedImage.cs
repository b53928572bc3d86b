using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion;

/// <summary>A finished picture.</summary>
public sealed class RenderedImage(ImageRequest request, int width, int height, ReadOnlyMemory<byte> rgb, float[] latent, bool isFlagged = false)
{
    /// <summary>What was asked for.</summary>
    public ImageRequest Request { get; } = request;

    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>Rows of pixels from the top, three bytes each.</summary>
    public ReadOnlyMemory<byte> Rgb { get; } = rgb;

    /// <summary>The final latent, channel by channel, at the scale of the UNet.</summary>
    public ReadOnlyMemory<float> Latent { get; } = latent;

    /// <summary>Whether the model's safety checker found the picture unfit to be shown; it is black then, and its latent zero.</summary>
    public bool IsFlagged { get; } = isFlagged;

    /// <summary>Writes the picture as PNG, with text chunks if given.</summary>
    public void WritePng(Stream stream, IReadOnlyDictionary<string, string>? text = null) =>
        PngWriter.Write(stream, Rgb.Span, Width, Height, text);
}
