using System.CommandLine;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Cli.Commands;

/// <summary>Options for a second pass at a larger size.</summary>
internal sealed class HiresOptions
{
    private static readonly HiresSettings Usual = new();
    private readonly Option<double?> _scale = new("--hires") { Description = "A second pass at a size so many times larger, 1 to 8, which draws details anew", HelpName = "SCALE" };
    private readonly Option<string?> _upscaler = new("--hires-upscaler") { Description = $"{string.Join(", ", HiresSettings.Upscalers)} [default: {Usual.Upscaler}]", HelpName = "NAME" };
    private readonly Option<int?> _steps = new("--hires-steps") { Description = "Steps of the second pass [default: those of the first]", HelpName = "N" };
    private readonly Option<double?> _strength = new("--hires-strength") { Description = FormattableString.Invariant($"How much of the picture it may change, 0.01 to 1 [default: {Usual.Strength}]"), HelpName = "X" };

    public IReadOnlyList<Option> All => [_scale, _upscaler, _steps, _strength];

    /// <summary>Null without a scale, where the other options would say nothing.</summary>
    public HiresSettings? Read(ParseResult line)
    {
        if (line.GetValue(_scale) is { } scale)
        {
            return new HiresSettings
            {
                Scale = scale,
                Upscaler = line.GetValue(_upscaler) ?? Usual.Upscaler,
                Steps = line.GetValue(_steps),
                Strength = line.GetValue(_strength) ?? Usual.Strength,
            };
        }

        return All.Skip(1).FirstOrDefault(option => line.GetResult(option) is not null) is { } alone
            ? throw new UserError($"{alone.Name} is about the second pass that --hires SCALE asks for, for example --hires 2.")
            : null;
    }
}
