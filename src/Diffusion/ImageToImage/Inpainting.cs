using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Which part of the start image is drawn anew.</summary>
public sealed record Inpainting
{
    /// <summary>A mask of the start image's size: 255 is drawn anew, 0 stays.</summary>
    public required MaskImage Mask { get; init; }

    /// <summary>Whether the mask says what stays instead.</summary>
    public bool Invert { get; init; }

    /// <summary>How far the mask's edges are softened, as the width of a Gauss curve in pixels; 0 leaves them hard.</summary>
    public double Blur { get; init; }

    /// <summary>What the masked part starts from.</summary>
    public MaskedContent Content { get; init; } = MaskedContent.Original;

    /// <summary>Whether only the masked part is rendered, enlarged to the request's size, and laid back into the whole picture.</summary>
    public bool OnlyMasked { get; init; }

    /// <summary>How many pixels around the masked part are rendered with it, where only that is.</summary>
    public int Padding { get; init; } = 32;

    /// <summary>Whether what lies outside the mask is taken from the start image, pixel by pixel, and not from the decoded latent.</summary>
    public bool KeepOutside { get; init; } = true;
}
