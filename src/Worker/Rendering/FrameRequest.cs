using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Worker.Rendering;

/// <summary>A leased frame as the pipeline takes it.</summary>
internal static class FrameRequest
{
    public static ImageRequest Of(LeaseOffered offer, LeasedFrame frame)
    {
        var settings = offer.Settings;
        return new ImageRequest
        {
            Prompt = offer.Prompts[frame.Prompt],
            NegativePrompt = settings.NegativePrompt,
            PromptSyntax = settings.PromptSyntax,
            Width = settings.Width ?? 0,
            Height = settings.Height ?? 0,
            Steps = settings.Steps,
            Guidance = settings.Guidance,
            GuidanceRescale = settings.GuidanceRescale,
            Sampler = settings.Sampler,
            Schedule = settings.Schedule ?? Shared.Settings.SamplerNames.UsualSchedule(settings.Sampler),
            Eta = settings.Eta,
            Seed = frame.Seed,
            Noise = new NoiseOptions { Source = settings.NoiseSource, VariationSeed = settings.VariationSeed ?? 0, VariationStrength = settings.VariationStrength },
            ClipSkip = settings.ClipSkip,
            Tiling = settings.Tiling,
            Hires = settings.Hires is { } hires ? Of(hires) : null,
            BestOf = offer.BestOf,
            Loras = [.. settings.Loras.Select(lora => new LoraUse { Name = lora.Name, UnetWeight = lora.Weight, TextWeight = lora.Weight })],
        };
    }

    private static HiresFix Of(HiresSettings hires) => new()
    {
        Scale = hires.Scale,
        Width = hires.Width ?? 0,
        Height = hires.Height ?? 0,
        Upscaler = hires.Upscaler,
        Strength = hires.Strength,
        Steps = hires.Steps ?? 0,
        Sampler = hires.Sampler,
        Schedule = hires.Schedule ?? (hires.Sampler is { } sampler ? Shared.Settings.SamplerNames.UsualSchedule(sampler) : null),
    };
}
