using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What the second pass of a job must be like.</summary>
internal static class HiresRules
{
    public static void Check(RenderSettings settings, HiresSettings hires, ModelView? model, int multiple, FieldErrors errors)
    {
        SettingsRules.CheckNumber(hires.Scale, 1, RenderLimits.MaxHiresScale, "settings.hires.scale", errors);
        SettingsRules.CheckNumber(hires.Strength, RenderLimits.MinHiresStrength, 1, "settings.hires.strength", errors);
        JobRules.CheckListed(hires.Upscaler, HiresSettings.Upscalers, "settings.hires.upscaler", errors);
        JobRules.CheckRange(hires.Steps ?? 1, 1, RenderLimits.MaxSteps, "settings.hires.steps", errors);
        // What is wrong with the first pass's own names is said of the first pass.
        if (hires.Sampler is not null || (hires.Schedule is not null && SamplerNames.Samplers.Contains(settings.Sampler)))
        {
            SettingsRules.CheckSampler(hires.Sampler ?? settings.Sampler, hires.Schedule, "settings.hires", errors);
        }

        SettingsRules.CheckSize(hires.Width, multiple, "settings.hires.width", errors);
        SettingsRules.CheckSize(hires.Height, multiple, "settings.hires.height", errors);
        if (hires.Width is null != hires.Height is null)
        {
            errors.Add(hires.Width is null ? "settings.hires.width" : "settings.hires.height", "Give both sides, or neither and a scale.");
        }
        else if (hires.Width is null && !errors.Has("settings.hires.scale"))
        {
            CheckScaled(settings.Width ?? model?.DefaultWidth, hires.Scale, multiple, "width", errors);
            CheckScaled(settings.Height ?? model?.DefaultHeight, hires.Scale, multiple, "height", errors);
        }
    }

    private static void CheckScaled(int? side, double scale, int multiple, string name, FieldErrors errors)
    {
        // Of a model without a usable copy the size is not known, and a wrong size has its own error.
        if (side is not > 0 || errors.Has($"settings.{name}") || errors.Has("settings.hires.scale"))
        {
            return;
        }

        var scaled = Math.Round(side.Value * scale);
        if (scaled > RenderLimits.MaxSize || scaled % multiple != 0)
        {
            errors.Add(
                "settings.hires.scale",
                FormattableString.Invariant($"Must give a {name} that is a multiple of {multiple} up to {RenderLimits.MaxSize}; {side} times {scale} is {scaled}."));
        }
    }
}
