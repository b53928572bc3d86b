namespace RenderFarm.Diffusion.Masks;

/// <summary>What stands under the mask when painting begins.</summary>
public enum MaskedContent
{
    /// <summary>The colours around it, blurred into it.</summary>
    Fill,

    /// <summary>What was there.</summary>
    Original,

    /// <summary>Noise of the picture's seed in the latent.</summary>
    LatentNoise,

    /// <summary>A latent of zeros.</summary>
    LatentNothing,
}
