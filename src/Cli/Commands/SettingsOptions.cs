using System.CommandLine;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Cli.Commands;

/// <summary>Options for render settings. The farm checks the values: its answer names what is allowed there.</summary>
internal sealed class SettingsOptions
{
    private static readonly RenderSettings Usual = new();
    private readonly Option<string?> _negative = new("--negative") { Description = "What the pictures should not show", HelpName = "TEXT" };
    private readonly Option<string> _syntax = new("--prompt-syntax") { Description = "How prompts are read: webui (weights such as (word:1.2), BREAK, AND, [a:b:0.5], <lora:name:0.8>) or literal", DefaultValueFactory = _ => Usual.PromptSyntax, HelpName = "NAME" };
    private readonly Option<int?> _width = new("--width") { Description = "Pixels [default: the model's own]", HelpName = "N" };
    private readonly Option<int?> _height = new("--height") { Description = "Pixels [default: the model's own]", HelpName = "N" };
    private readonly Option<int> _steps = new("--steps") { Description = "Denoising steps", DefaultValueFactory = _ => Usual.Steps, HelpName = "N" };
    private readonly Option<double> _guidance = new("--guidance") { Description = "How closely to follow the prompt", DefaultValueFactory = _ => Usual.Guidance, HelpName = "X" };
    private readonly Option<double> _rescale = new("--guidance-rescale") { Description = "How far guidance's contrast is drawn back, 0 to 1", HelpName = "X" };
    private readonly Option<string> _sampler = new("--sampler") { Description = string.Join(", ", SamplerNames.Samplers), DefaultValueFactory = _ => Usual.Sampler, HelpName = "NAME" };
    private readonly Option<string?> _schedule = new("--schedule") { Description = $"{string.Join(", ", SamplerNames.Schedules)} [default: karras; Automatic for samplers of stable-diffusion-webui]", HelpName = "NAME" };
    private readonly Option<double?> _eta = new("--eta") { Description = "Share of fresh noise in each step, 0 to 1, for samplers that take it [default: the sampler's own]", HelpName = "X" };
    private readonly Option<long?> _seed = new("--seed") { Description = "The same seed gives the same picture [default: drawn]", HelpName = "N" };
    private readonly Option<string> _noise = new("--noise-source") { Description = "Where noise comes from: cpu, or nv for the pictures of an NVIDIA GPU", DefaultValueFactory = _ => Usual.NoiseSource, HelpName = "NAME" };
    private readonly Option<long?> _variationSeed = new("--variation-seed") { Description = "Seed that the noise is turned towards [default: drawn]", HelpName = "N" };
    private readonly Option<double> _variation = new("--variation-strength") { Description = "How far it is turned, 0 to 1", HelpName = "X" };
    private readonly Option<int> _clipSkip = new("--clip-skip") { Description = "Last layers of the text encoder to skip", HelpName = "N" };
    private readonly Option<bool> _tiling = new("--tiling") { Description = "Opposite edges continue each other" };
    private readonly Option<string[]> _loras = new("--lora") { Description = "A LoRA of the workers, with its weight; may be given several times", HelpName = "NAME[:WEIGHT]" };
    private readonly HiresOptions _hires = new();

    public static SettingsOptions AddTo(Command command)
    {
        var options = new SettingsOptions();
        foreach (var option in options.All())
        {
            command.Add(option);
        }

        return options;
    }

    public RenderSettings Read(ParseResult line) => new()
    {
        NegativePrompt = line.GetValue(_negative) ?? "",
        PromptSyntax = line.GetValue(_syntax)!,
        Width = line.GetValue(_width),
        Height = line.GetValue(_height),
        Steps = line.GetValue(_steps),
        Guidance = line.GetValue(_guidance),
        GuidanceRescale = line.GetValue(_rescale),
        Sampler = line.GetValue(_sampler)!,
        Schedule = line.GetValue(_schedule),
        Eta = line.GetValue(_eta),
        Seed = line.GetValue(_seed),
        NoiseSource = line.GetValue(_noise)!,
        VariationSeed = line.GetValue(_variationSeed),
        VariationStrength = line.GetValue(_variation),
        ClipSkip = line.GetValue(_clipSkip),
        Tiling = line.GetValue(_tiling),
        Loras = [.. (line.GetValue(_loras) ?? []).Select(LoraWord.Read)],
        Hires = _hires.Read(line),
    };

    private IEnumerable<Option> All() =>
    [
        _negative, _syntax, _width, _height, _steps, _guidance, _rescale, _sampler, _schedule, _eta, _seed, _noise, _variationSeed, _variation, _clipSkip, _tiling, _loras, .. _hires.All,
    ];
}
