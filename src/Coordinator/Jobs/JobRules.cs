using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Jobs;

/// <summary>What a job must be like to be accepted: a pure function of the request and the models that the farm knows.</summary>
public static class JobRules
{
    /// <summary>Every rule that the request breaks, by field.</summary>
    public static FieldErrors Check(JobRequest request, IReadOnlyList<ModelView> models)
    {
        var errors = new FieldErrors();
        CheckText(request.Name, "name", RenderLimits.MaxNameLength, errors);
        CheckModel(request.Model, models, errors);
        CheckRange(request.Priority, -RenderLimits.MaxPriority, RenderLimits.MaxPriority, "priority", errors);
        CheckCount(request, errors);
        CheckRange(request.BestOf, 1, RenderLimits.MaxBestOf, "bestOf", errors);
        CheckPrompts(request, errors);
        SettingsRules.Check(request.Settings, models.FirstOrDefault(model => model.Name == request.Model), errors);
        CheckSeed(request, errors);
        CheckOutput(request.Output, errors);
        CheckRetention(request.RetainFor, errors);
        CheckLabels(request.Labels, errors);
        return errors;
    }

    internal static void CheckListed(string given, IReadOnlyList<string> allowed, string field, FieldErrors errors)
    {
        if (!allowed.Contains(given))
        {
            errors.Add(field, $"Unknown: '{Shortened(given)}'; allowed: {string.Join(", ", allowed)}.");
        }
    }

    internal static void CheckRange(long given, long least, long most, string field, FieldErrors errors)
    {
        if (given < least || given > most)
        {
            errors.Add(field, $"Must be from {least} to {most}; got {given}.");
        }
    }

    internal static void CheckText(string given, string field, int most, FieldErrors errors)
    {
        if (given.Length > most)
        {
            errors.Add(field, $"Must have at most {most} characters; got {given.Length}.");
        }
        else if (given.Contains('\0'))
        {
            errors.Add(field, "Must not contain the character U+0000.");
        }
    }

    private static void CheckModel(string name, IReadOnlyList<ModelView> models, FieldErrors errors)
    {
        var usable = models.Where(model => model.Problem is null).Select(model => model.Name).ToList();
        if (models.FirstOrDefault(model => model.Name == name) is not { } model)
        {
            var known = usable.Count == 0 ? "no worker has brought a usable model yet" : $"known: {string.Join(", ", usable)}";
            errors.Add("model", $"Unknown model '{Shortened(name)}'; {known}.");
        }
        else if (model.Problem is { } problem)
        {
            errors.Add("model", $"Model '{name}' cannot be used: {problem}");
        }
    }

    private static void CheckCount(JobRequest request, FieldErrors errors)
    {
        CheckRange(request.Count, 1, RenderLimits.MaxFrames, "count", errors);
        if (request.Prompts is { Count: > 0 } prompts && !errors.Has("count") && request.Count > RenderLimits.MaxFrames / prompts.Count)
        {
            errors.Add("count", $"A job has at most {RenderLimits.MaxFrames} frames; {prompts.Count} prompts with {request.Count} images each are more.");
        }
    }

    private static void CheckPrompts(JobRequest request, FieldErrors errors)
    {
        switch (request)
        {
            case { Settings.Prompt: null, Prompts: null }:
                errors.Add("settings.prompt", "Required: say what the picture shows here, or give a list of 'prompts'.");
                return;
            case { Settings.Prompt: not null, Prompts: not null }:
                errors.Add("prompts", "Give either 'prompts' or 'settings.prompt', not both.");
                return;
            case { Settings.Prompt: { } prompt }:
                CheckPrompt(prompt, "settings.prompt", errors);
                return;
            case { Prompts: { } prompts }:
                CheckRange(prompts.Count, 1, RenderLimits.MaxPrompts, "prompts", errors);
                for (var i = 0; i < prompts.Count && !errors.IsFull; i++)
                {
                    CheckPrompt(prompts[i], $"prompts[{i}]", errors);
                }

                return;
        }
    }

    private static void CheckPrompt(string prompt, string field, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(prompt))
        {
            errors.Add(field, "Must not be empty.");
        }
        else
        {
            CheckText(prompt, field, RenderLimits.MaxPromptLength, errors);
        }
    }

    private static void CheckSeed(JobRequest request, FieldErrors errors)
    {
        if (request.Settings.Seed is { } seed && !errors.Has("count") && !errors.Has("bestOf"))
        {
            CheckRange(seed, 0, long.MaxValue - (request.Count * request.BestOf), "settings.seed", errors);
        }
    }

    private static void CheckOutput(OutputSettings output, FieldErrors errors)
    {
        CheckListed(output.Format, OutputSettings.Formats, "output.format", errors);
        if (output is { Format: OutputSettings.Png, Quality: { } given })
        {
            errors.Add("output.quality", $"png keeps everything and has no quality; got {given}.");
        }
        else
        {
            CheckRange(output.Quality ?? 1, 1, RenderLimits.MaxQuality, "output.quality", errors);
        }
    }

    private static void CheckRetention(TimeSpan? given, FieldErrors errors)
    {
        if (given < RenderLimits.MinRetention || given > RenderLimits.MaxRetention)
        {
            errors.Add("retainFor", $"Must be from {RenderLimits.MinRetention} to {RenderLimits.MaxRetention}; got {given}.");
        }
    }

    private static void CheckLabels(IReadOnlyDictionary<string, string> labels, FieldErrors errors)
    {
        if (labels.Count > RenderLimits.MaxLabels)
        {
            errors.Add("labels", $"A job has at most {RenderLimits.MaxLabels} labels; got {labels.Count}.");
            return;
        }

        foreach (var (key, value) in labels)
        {
            if (key.Length == 0)
            {
                errors.Add("labels", "A label needs a key.");
            }

            CheckText(key, $"labels.{Shortened(key)}", RenderLimits.MaxLabelLength, errors);
            CheckText(value, $"labels.{Shortened(key)}", RenderLimits.MaxLabelLength, errors);
        }
    }

    internal static string Shortened(string given) => given.Length <= 60 ? given : string.Concat(given.AsSpan(0, 57), "...");
}
