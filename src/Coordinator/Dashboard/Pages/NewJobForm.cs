using System.Globalization;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>What is typed into the form of a new job, as text, so that nothing typed is lost before it is checked.</summary>
internal sealed class NewJobForm
{
    private static readonly JobRequest Defaults = new();

    public string Name { get; set; } = "";

    public string Prompt { get; set; } = "";

    public string NegativePrompt { get; set; } = "";

    public string Model { get; set; } = Defaults.Model;

    public string Count { get; set; } = "8";

    public string BestOf { get; set; } = Text(Defaults.BestOf);

    public string Format { get; set; } = Defaults.Output.Format;

    public string Width { get; set; } = "";

    public string Height { get; set; } = "";

    public string Steps { get; set; } = Text(Defaults.Settings.Steps);

    public string Guidance { get; set; } = Text(Defaults.Settings.Guidance);

    public string Sampler { get; set; } = Defaults.Settings.Sampler;

    /// <summary>Empty is the sampler's usual one.</summary>
    public string Schedule { get; set; } = "";

    public string Seed { get; set; } = "";

    public JobClass Class { get; set; } = Defaults.Class;

    public string Priority { get; set; } = Text(Defaults.Priority);

    /// <summary>Settings that the form has no fields for.</summary>
    public RenderSettings Others { get; private init; } = Defaults.Settings;

    /// <summary>The settings of an earlier job.</summary>
    public static NewJobForm Like(JobView job) => new()
    {
        Others = job.Settings,
        Name = job.Name,
        Prompt = job.Settings.Prompt ?? "",
        NegativePrompt = job.Settings.NegativePrompt,
        Model = job.Model,
        Count = Text(job.FrameCount / job.PromptCount),
        BestOf = Text(job.BestOf),
        Format = job.Output.Format,
        Width = job.Settings.Width is { } width ? Text(width) : "",
        Height = job.Settings.Height is { } height ? Text(height) : "",
        Steps = Text(job.Settings.Steps),
        Guidance = Text(job.Settings.Guidance),
        Sampler = job.Settings.Sampler,
        Schedule = job.Settings.Schedule ?? "",
        Class = job.Class,
        Priority = Text(job.Priority),
    };

    /// <summary>The job that the form asks for. What is no number is an error of its field.</summary>
    public JobRequest Read(FieldErrors errors) => new()
    {
        Name = Name.Trim(),
        Model = Model,
        Class = Class,
        Priority = (int)(Whole(Priority, "priority", int.MinValue, int.MaxValue, errors) ?? Defaults.Priority),
        Count = Whole(Count, "count", long.MinValue, long.MaxValue, errors) ?? Defaults.Count,
        BestOf = (int)(Whole(BestOf, "bestOf", int.MinValue, int.MaxValue, errors) ?? Defaults.BestOf),
        Output = Defaults.Output with { Format = Format },
        Settings = Others with
        {
            Prompt = Prompt,
            NegativePrompt = NegativePrompt,
            Width = (int?)Whole(Width, "settings.width", int.MinValue, int.MaxValue, errors),
            Height = (int?)Whole(Height, "settings.height", int.MinValue, int.MaxValue, errors),
            Steps = (int)(Whole(Steps, "settings.steps", int.MinValue, int.MaxValue, errors) ?? Defaults.Settings.Steps),
            Guidance = Decimal(Guidance, "settings.guidance", errors) ?? Defaults.Settings.Guidance,
            Sampler = Sampler,
            Schedule = Schedule.Length > 0 ? Schedule : null,
            Seed = Whole(Seed, "settings.seed", long.MinValue, long.MaxValue, errors),
        },
    };

    private static long? Whole(string text, string field, long least, long most, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number)
            && number >= least && number <= most)
        {
            return number;
        }

        errors.Add(field, $"Must be a whole number; got '{text}'.");
        return null;
    }

    private static double? Decimal(string text, string field, FieldErrors errors)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        errors.Add(field, $"Must be a number; got '{text}'.");
        return null;
    }

    private static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
}
