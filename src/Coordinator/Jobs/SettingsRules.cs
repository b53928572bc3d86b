using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What render settings must be like, apart from prompt and seed, which depend on the job around them.</summary>
internal static class SettingsRules
{
    public static void Check(RenderSettings settings, ModelView? model, FieldErrors errors)
    {
        JobRules.CheckText(settings.NegativePrompt, "settings.negativePrompt", RenderLimits.MaxPromptLength, errors);
        JobRules.CheckListed(settings.PromptSyntax, PromptSyntaxNames.All, "settings.promptSyntax", errors);
        // A model without a usable copy says nothing of sizes.
        var multiple = model is { SizeMultiple: > 0 } ? model.SizeMultiple : RenderLimits.SizeMultiple;
        CheckSize(settings.Width, multiple, "settings.width", errors);
        CheckSize(settings.Height, multiple, "settings.height", errors);
        JobRules.CheckRange(settings.Steps, 1, RenderLimits.MaxSteps, "settings.steps", errors);
        JobRules.CheckRange(settings.ClipSkip, 0, RenderLimits.MaxClipSkip, "settings.clipSkip", errors);
        CheckSampler(settings.Sampler, settings.Schedule, "settings", errors);
        JobRules.CheckListed(settings.NoiseSource, NoiseSourceNames.All, "settings.noiseSource", errors);
        CheckNumber(settings.Guidance, 0, RenderLimits.MaxGuidance, "settings.guidance", errors);
        CheckNumber(settings.GuidanceRescale, 0, 1, "settings.guidanceRescale", errors);
        CheckNumber(settings.VariationStrength, 0, 1, "settings.variationStrength", errors);
        JobRules.CheckRange(settings.VariationSeed ?? 0, 0, long.MaxValue, "settings.variationSeed", errors);
        CheckEta(settings, errors);
        CheckLoras(settings.Loras, errors);
        if (settings.Hires is { } hires)
        {
            HiresRules.Check(settings, hires, model, multiple, errors);
        }
    }

    /// <summary>A sampler that is known, and a schedule that it can follow.</summary>
    public static void CheckSampler(string sampler, string? schedule, string at, FieldErrors errors)
    {
        JobRules.CheckListed(sampler, SamplerNames.Samplers, $"{at}.sampler", errors);
        if (schedule is not null && !errors.Has($"{at}.sampler") && !SamplerNames.SchedulesOf(sampler).Contains(schedule))
        {
            errors.Add($"{at}.schedule", $"The sampler '{sampler}' cannot follow '{JobRules.Shortened(schedule)}'; allowed: {string.Join(", ", SamplerNames.SchedulesOf(sampler))}.");
        }
    }

    public static void CheckNumber(double given, double least, double most, string field, FieldErrors errors)
    {
        if (!(given >= least && given <= most))
        {
            errors.Add(field, FormattableString.Invariant($"Must be a number from {least} to {most}; got {given}."));
        }
    }

    public static void CheckSize(int? given, int multiple, string field, FieldErrors errors)
    {
        if (given is { } size && (size < multiple || size > RenderLimits.MaxSize || size % multiple != 0))
        {
            errors.Add(field, $"Must be a multiple of {multiple} from {multiple} to {RenderLimits.MaxSize}; got {size}.");
        }
    }

    private static void CheckEta(RenderSettings settings, FieldErrors errors)
    {
        CheckNumber(settings.Eta ?? 0, 0, 1, "settings.eta", errors);
        var without = new[] { settings.Sampler, settings.Hires?.Sampler }.FirstOrDefault(
            sampler => sampler is not null && SamplerNames.Samplers.Contains(sampler) && !SamplerNames.WithEta.Contains(sampler));
        if (settings.Eta > 0 && without is not null && !errors.Has("settings.eta"))
        {
            errors.Add("settings.eta", FormattableString.Invariant($"The sampler '{without}' takes none; got {settings.Eta}. Those that do: {string.Join(", ", SamplerNames.WithEta)}."));
        }
    }

    private static void CheckLoras(IReadOnlyList<LoraSettings> loras, FieldErrors errors)
    {
        if (loras.Count > RenderLimits.MaxLoras)
        {
            errors.Add("settings.loras", $"A job has at most {RenderLimits.MaxLoras} LoRAs; got {loras.Count}.");
            return;
        }

        for (var i = 0; i < loras.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(loras[i].Name))
            {
                errors.Add($"settings.loras[{i}].name", "Must not be empty.");
            }

            JobRules.CheckText(loras[i].Name, $"settings.loras[{i}].name", RenderLimits.MaxLoraNameLength, errors);
            CheckNumber(loras[i].Weight, -RenderLimits.MaxLoraWeight, RenderLimits.MaxLoraWeight, $"settings.loras[{i}].weight", errors);
        }
    }
}
