using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Models;
using RenderFarm.Cli.Output;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm simulate</c>: many workers in one process that are real in everything but their GPUs, for tests and for sizing a farm.</summary>
internal sealed class SimulateCommand
{
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    private readonly Option<int> _workers = Number("--workers", "How many", 8, 4096);
    private readonly Option<TimeSpan> _frameTime = new("--frame-time") { Description = "What one picture takes, such as 30ms or 1.5s", DefaultValueFactory = _ => TimeSpan.FromMilliseconds(500), CustomParser = Duration, HelpName = "TIME" };
    private readonly Option<bool> _jitter = new("--jitter") { Description = "Each picture takes up to a fifth more or less" };
    private readonly Option<int> _slots = Number("--slots", "Batches of a worker at a time", 1, 64);
    private readonly Option<int> _batchSize = Number("--batch-size", "Pictures of a batch at most", 4, 64);
    private readonly Option<string> _model = new("--model") { Description = "Model that they say they have", DefaultValueFactory = _ => "emoji", HelpName = "NAME" };
    private readonly Option<string?> _digest = new("--digest") { Description = "Its digest [default: that of the bundled model of this name, else one made of the name]", HelpName = "HEX" };
    private readonly Option<bool> _upload = new("--upload") { Description = "Store the pictures, as real workers do" };
    private readonly Option<bool> _noUpload = new("--no-upload") { Description = "Store nothing, which is the default" };
    private readonly Option<string> _prefix = new("--name-prefix") { Description = "Their names are this, - and a number", DefaultValueFactory = _ => "sim", HelpName = "NAME" };
    private readonly Terminal _terminal;

    private SimulateCommand(Terminal terminal) => _terminal = terminal;

    public static Command Create(Terminal terminal)
    {
        var parts = new SimulateCommand(terminal);
        var command = new Command("simulate", "Run workers whose GPUs sleep, for tests and for sizing a farm: they speak to the coordinators as real workers do. Settings come from where a worker's do")
        {
            parts._workers, parts._frameTime, parts._jitter, parts._slots, parts._batchSize, parts._model, parts._digest, parts._upload, parts._noUpload, parts._prefix,
        };
        command.Hidden = true;
        command.Validators.Add(result =>
        {
            if (result.GetValue(parts._upload) && result.GetValue(parts._noUpload))
            {
                result.AddError("--upload and --no-upload exclude each other.");
            }
        });
        command.TreatUnmatchedTokensAsErrors = false;
        command.Examples("renderfarm simulate --workers 256 --frame-time 500ms --Bus:Transport=RabbitMq --Bus:Uri=amqp://farm:...@mq:5672/");
        command.SetAction(parts.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var simulation = new Simulation
        {
            Workers = line.GetValue(_workers),
            NamePrefix = line.GetValue(_prefix)!,
            Slots = line.GetValue(_slots),
            BatchSize = line.GetValue(_batchSize),
            Gpu = new(LocalModels.Claim(line.GetValue(_model)!, line.GetValue(_digest)), line.GetValue(_frameTime), line.GetValue(_jitter), HasOnePicture: !line.GetValue(_upload)),
            StoresPictures = line.GetValue(_upload),
        };
        await SimulationProcess.RunAsync(simulation, [.. line.UnmatchedTokens], _terminal.Note, cancellationToken);
        return ExitCodes.Done;
    }

    private static Option<int> Number(string name, string description, int usual, int most)
    {
        var option = new Option<int>(name) { Description = description, DefaultValueFactory = _ => usual, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var given && (given < 1 || given > most))
            {
                result.AddError($"{name} is {given}; allowed: 1 to {most}.");
            }
        });
        return option;
    }

    private static TimeSpan Duration(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        var (digits, unit) = text switch
        {
            _ when text.EndsWith("ms", StringComparison.Ordinal) => (text[..^2], TimeSpan.FromMilliseconds(1)),
            _ when text.EndsWith('s') => (text[..^1], TimeSpan.FromSeconds(1)),
            _ => ("", TimeSpan.Zero),
        };
        if (double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) && count < 1e9 && unit * count is var given && given <= Longest)
        {
            return given;
        }

        result.AddError($"--frame-time is '{text}'; allowed: 0ms to 3600s, such as 30ms or 1.5s.");
        return default;
    }
}
