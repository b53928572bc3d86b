using RenderFarm.Diffusion.Checkpoints.Recognition;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Checkpoints;

/// <summary>What the configs of the published models of a family say, which their checkpoints leave out; the numbers that diffusers takes for single files.</summary>
internal static class FamilyDefaults
{
    private const int SmallSide = 64;
    private const int Sd2Side = 96;
    private const int XlSide = 128;

    private const double Scale = 0.18215;

    /// <summary>The scaling factor of SDXL's autoencoder.</summary>
    public const double XlScale = 0.13025;

    /// <summary>What the text encoders that were made with OpenCLIP pad with; OpenAI's pads with the end.</summary>
    private const string OpenClipPad = "!";

    public static SchedulerConfig Scheduler(ModelFamily family, string predictionType) => new()
    {
        BetaStart = 0.00085,
        BetaEnd = 0.012,
        BetaSchedule = "scaled_linear",
        StepsOffset = 1,
        SetAlphaToOne = false,
        PredictionType = predictionType,
        TimestepSpacing = family.IsXl ? "leading" : null,
    };

    /// <summary>The side of the latents that it was trained on. Of SD 2 those that predict v were trained on larger pictures.</summary>
    public static int SampleSize(ModelFamily family, string predictionType) => family.Generation switch
    {
        ModelGeneration.StableDiffusionXl => XlSide,
        ModelGeneration.StableDiffusion2 when predictionType == PredictionSigns.V => Sd2Side,
        _ => SmallSide,
    };

    public static double ScalingFactor(ModelFamily family) => family.IsXl ? XlScale : Scale;

    /// <summary>The token that a text encoder's prompts are filled up with; null for the end.</summary>
    public static string? Pad(ModelFamily family, string network) =>
        network == NetworkFiles.TextEncoder2 || family.Generation == ModelGeneration.StableDiffusion2 ? OpenClipPad : null;
}
