using RenderFarm.Diffusion.Images;

namespace RenderFarm.Diffusion;

/// <summary>A finished picture.</summary>
public sealed class RenderedImage(ImageRequest request, int width, int height, ReadOnlyMemory<byte> rgb, float[] latent, bool isFlagged = false)
{
    /// <summary>What was asked for; where the best of several was, the request with the seed of the kept one and of it alone.</summary>
    public ImageRequest Request { get; } = request;

    public int Width { get; } = width;

    public int Height { get; } = height;

    /// <summary>Rows of pixels from the top, three bytes each.</summary>
    public ReadOnlyMemory<byte> Rgb { get; } = rgb;

    /// <summary>The final latent, channel by channel, at the scale of the UNet.</summary>
    public ReadOnlyMemory<float> Latent { get; } = latent;

    /// <summary>Whether the model's safety checker found the picture unfit to be shown; it is black then, and its latent zero.</summary>
    public bool IsFlagged { get; } = isFlagged;

    /// <summary>The LoRAs that it was rendered with by name, with the hashes that webui shows: twelve digits of what their trainer noted, or of SHA-256 of their data.</summary>
    public IReadOnlyDictionary<string, string> LoraHashes { get; internal set; } = new Dictionary<string, string>();

    /// <summary>How well each of several pictures fits the prompt, in the order of their seeds: the cosine similarity of CLIP's embeddings.</summary>
    public IReadOnlyList<double> Scores { get; internal set; } = [];

    /// <summary>The score of this one, the best that is not flagged; null where there was nothing to choose from.</summary>
    public double? Score { get; internal set; }

    /// <summary>Writes the picture as PNG, with text chunks if given.</summary>
    public void WritePng(Stream stream, IReadOnlyDictionary<string, string>? text = null) =>
        PngWriter.Write(stream, Rgb.Span, Width, Height, text);

    /// <summary>Writes the picture, with texts if given; <see cref="Provenance.PictureText"/> reads them back.</summary>
    public void Write(Stream stream, PictureEncoding encoding, IReadOnlyDictionary<string, string>? text = null) =>
        PictureWriter.Write(stream, Rgb.Span, Width, Height, encoding, text);
}
