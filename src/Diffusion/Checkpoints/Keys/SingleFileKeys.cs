using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Checkpoints.Keys;

/// <summary>The rules for each network of a single file.</summary>
internal static class SingleFileKeys
{
    /// <summary>OpenAI's CLIP in SD 1.</summary>
    public const string Clip = "cond_stage_model.transformer.";

    /// <summary>OpenCLIP in SD 2.</summary>
    public const string OpenClip = "cond_stage_model.model.";

    /// <summary>OpenAI's CLIP in SDXL.</summary>
    public const string XlClip = "conditioner.embedders.0.transformer.";

    /// <summary>OpenCLIP in SDXL.</summary>
    public const string XlOpenClip = "conditioner.embedders.1.model.";

    /// <summary>The rules for a network with weights of these names.</summary>
    public static IKeyRules Of(ModelGeneration generation, string network, IEnumerable<string> keys) => (network, generation) switch
    {
        (NetworkFiles.Unet, _) => new UnetKeys(keys),
        (NetworkFiles.VaeDecoder or NetworkFiles.VaeEncoder, _) => new VaeKeys(keys),
        (NetworkFiles.TextEncoder, ModelGeneration.StableDiffusion1) => new ClipKeys(Clip),
        (NetworkFiles.TextEncoder, ModelGeneration.StableDiffusion2) => new OpenClipKeys(OpenClip),
        (NetworkFiles.TextEncoder, ModelGeneration.StableDiffusionXl) => new ClipKeys(XlClip),
        (NetworkFiles.TextEncoder2, ModelGeneration.StableDiffusionXl) => new OpenClipKeys(XlOpenClip),
        _ => throw new ArgumentException($"No checkpoint of {generation} has a network {network}.", nameof(network)),
    };
}
