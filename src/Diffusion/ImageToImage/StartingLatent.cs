using RenderFarm.Diffusion.Masks;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.ImageToImage;

/// <summary>Where a picture's path begins.</summary>
/// <param name="X">x0 + sigma * noise at the first step, [channels, height, width].</param>
/// <param name="Schedule">The schedule, joined where the path begins.</param>
internal sealed record StartingLatent(float[] X, NoiseSchedule Schedule)
{
    /// <summary>What keeps the unmasked part, for UNets that do not see the mask.</summary>
    public LatentBlend? Blend { get; init; }

    /// <summary>What an inpainting UNet sees beside the latents: the mask, then the latents of the masked picture; empty for others.</summary>
    public float[] MaskChannels { get; init; } = [];

    /// <summary>The way back into the start image, where what lies outside the mask is taken from there.</summary>
    public MaskedPicture? Masked { get; init; }
}
