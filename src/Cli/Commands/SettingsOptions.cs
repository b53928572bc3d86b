using System.CommandLine;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Cli.Commands;

/// <summary>Options for render settings. The farm checks the values: its answer names what is allowed there.</summary>
internal sealed class SettingsOptions
{
    private static readonly RenderSettings Usual = new();
    private readonly Option<string?> _negative = new("--negative") { Description = "What the pictures should not show", HelpName = "TEXT" };
    private readonly Option<int?> _width = new("--width") { Description = "Pixels [default: the model's own]", HelpName = "N" };
    private readonly Option<int?> _height = new("--height") { Description = "Pixels [default: the model's own]", HelpName = "N" };
    private readonly Option<int> _steps = new("--steps") { Description = "Denoising steps", DefaultValueFactory = _ => Usual.Steps, HelpName = "N" };
    private readonly Option<double> _guidance = new("--guidance") { Description = "How closely to follow the prompt", DefaultValueFactory = _ => Usual.Guidance, HelpName = "X" };
    private readonly Option<string> _sampler = new("--sampler") { Description = string.Join(", ", SamplerNames.Samplers), DefaultValueFactory = _ => Usual.Sampler, HelpName = "NAME" };
    private readonly Option<string> _schedule = new("--schedule") { Description = string.Join(", ", SamplerNames.Schedules), DefaultValueFactory = _ => Usual.Schedule, HelpName = "NAME" };
    private readonly Option<long?> _seed = new("--seed") { Description = "The same seed gives the same picture [default: drawn]", HelpName = "N" };
    private readonly Option<int> _clipSkip = new("--clip-skip") { Description = "Last layers of the text encoder to skip", HelpName = "N" };

    public static SettingsOptions AddTo(Command command)
    {
        var options = new SettingsOptions();
        foreach (var option in new Option[] { options._negative, options._width, options._height, options._steps, options._guidance, options._sampler, options._schedule, options._seed, options._clipSkip })
        {
            command.Add(option);
        }

        return options;
    }

    public RenderSettings Read(ParseResult line) => new()
    {
        NegativePrompt = line.GetValue(_negative) ?? "",
        Width = line.GetValue(_width),
        Height = line.GetValue(_height),
        Steps = line.GetValue(_steps),
        Guidance = line.GetValue(_guidance),
        Sampler = line.GetValue(_sampler)!,
        Schedule = line.GetValue(_schedule)!,
        Seed = line.GetValue(_seed),
        ClipSkip = line.GetValue(_clipSkip),
    };
}
