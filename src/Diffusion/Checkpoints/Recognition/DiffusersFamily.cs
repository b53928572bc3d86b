using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Checkpoints.Recognition;

/// <summary>Tells the family of a UNet in diffusers' naming by the names and shapes of its weights.</summary>
internal static class DiffusersFamily
{
    private const int LatentChannels = 4;
    private const int InpaintingChannels = 9;

    // The refiner is told a score where the base model is told two sizes: 5 numbers instead of 6.
    private const long RefinerConditions = 2560;

    public static ModelFamily Of(WeightFiles unet)
    {
        if (unet.Find("add_embedding.linear_1.weight")?.Tensor.Shape is [_, RefinerConditions])
        {
            throw new ModelFolderException(unet.Folder, unet.Name, $"It is {FileKinds.Words(FileKind.XlRefiner)}.", FileKinds.Fix(FileKind.XlRefiner));
        }

        var channels = unet.Find("conv_in.weight")?.Tensor.Shape is [_, var inputs, _, _] ? inputs : 0;
        if (channels is not (LatentChannels or InpaintingChannels))
        {
            throw new ModelFolderException(
                unet.Folder,
                unet.Name,
                $"The UNet sees {channels} channels; {LatentChannels} (text to image) or {InpaintingChannels} (inpainting) are needed.",
                "Upscalers, models that see depth and models edited by instruction are not supported.");
        }

        // Only SD 1 projects into its attentions by convolutions.
        var generation = unet.Find("add_embedding.linear_1.weight") is not null ? ModelGeneration.StableDiffusionXl
            : unet.Find("down_blocks.0.attentions.0.proj_in.weight")?.Tensor.Shape.Count == 2 ? ModelGeneration.StableDiffusion2
            : ModelGeneration.StableDiffusion1;
        return new ModelFamily(generation, IsConsistencyModel: false, channels == InpaintingChannels);
    }
}
