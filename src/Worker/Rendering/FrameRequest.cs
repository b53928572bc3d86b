using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering;

/// <summary>A leased frame as the pipeline takes it.</summary>
internal static class FrameRequest
{
    public static ImageRequest Of(LeaseOffered offer, LeasedFrame frame) => new()
    {
        Prompt = offer.Prompts[frame.Prompt],
        NegativePrompt = offer.Settings.NegativePrompt,
        Width = offer.Settings.Width ?? 0,
        Height = offer.Settings.Height ?? 0,
        Steps = offer.Settings.Steps,
        Guidance = offer.Settings.Guidance,
        Sampler = offer.Settings.Sampler,
        Schedule = offer.Settings.Schedule,
        Seed = frame.Seed,
        ClipSkip = offer.Settings.ClipSkip,
    };
}
