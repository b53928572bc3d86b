using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What render settings must be like, apart from prompt and seed, which depend on the job around them.</summary>
internal static class SettingsRules
{
    public static void Check(RenderSettings settings, ModelView? model, FieldErrors errors)
    {
        JobRules.CheckText(settings.NegativePrompt, "settings.negativePrompt", RenderLimits.MaxPromptLength, errors);
        // A model without a usable copy says nothing of sizes.
        var multiple = model is { SizeMultiple: > 0 } ? model.SizeMultiple : RenderLimits.SizeMultiple;
        CheckSize(settings.Width, multiple, "settings.width", errors);
        CheckSize(settings.Height, multiple, "settings.height", errors);
        JobRules.CheckRange(settings.Steps, 1, RenderLimits.MaxSteps, "settings.steps", errors);
        JobRules.CheckRange(settings.ClipSkip, 0, RenderLimits.MaxClipSkip, "settings.clipSkip", errors);
        JobRules.CheckListed(settings.Sampler, SamplerNames.Samplers, "settings.sampler", errors);
        JobRules.CheckListed(settings.Schedule, SamplerNames.Schedules, "settings.schedule", errors);
        if (!(settings.Guidance >= 0 && settings.Guidance <= RenderLimits.MaxGuidance))
        {
            errors.Add("settings.guidance", FormattableString.Invariant($"Must be a number from 0 to {RenderLimits.MaxGuidance}; got {settings.Guidance}."));
        }
    }

    private static void CheckSize(int? given, int multiple, string field, FieldErrors errors)
    {
        if (given is { } size && (size < multiple || size > RenderLimits.MaxSize || size % multiple != 0))
        {
            errors.Add(field, $"Must be a multiple of {multiple} from {multiple} to {RenderLimits.MaxSize}; got {size}.");
        }
    }
}
