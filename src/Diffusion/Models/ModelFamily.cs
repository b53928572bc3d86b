namespace RenderFarm.Diffusion.Models;

/// <summary>What sets the families apart: text encoders and what else the UNet is told.</summary>
internal enum ModelGeneration
{
    /// <summary>Stable Diffusion 1: one text encoder, read at its last layer.</summary>
    StableDiffusion1,

    /// <summary>Stable Diffusion 2: as 1, with another text encoder and pad token.</summary>
    StableDiffusion2,

    /// <summary>SDXL (Podell et al., arXiv:2307.01952): two text encoders read before their last layer, a pooled text and the picture's sizes.</summary>
    StableDiffusionXl,
}

/// <summary>The kind of model a folder holds.</summary>
/// <param name="Generation">Which text encoders it has.</param>
/// <param name="IsConsistencyModel">Whether guidance is told to the UNet instead of being computed from two rows (Luo et al., arXiv:2310.04378).</param>
/// <param name="IsInpainting">Whether the UNet sees a mask and the masked picture beside the latents.</param>
internal sealed record ModelFamily(ModelGeneration Generation, bool IsConsistencyModel, bool IsInpainting)
{
    public bool IsXl => Generation == ModelGeneration.StableDiffusionXl;

    public string Name => Generation switch
    {
        ModelGeneration.StableDiffusion1 => "sd1",
        ModelGeneration.StableDiffusion2 => "sd2",
        ModelGeneration.StableDiffusionXl => "sdxl",
        _ => throw new InvalidOperationException($"The generation {Generation} has no name."),
    } + (IsConsistencyModel ? "-lcm" : "") + (IsInpainting ? "-inpainting" : "");
}
