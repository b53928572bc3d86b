using System.CommandLine;
using Microsoft.Extensions.Logging;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm render</c>: a prompt in, pictures in a folder out, on whatever farm there is.</summary>
internal sealed class RenderCommand
{
    private static readonly TimeSpan CancelPatience = TimeSpan.FromSeconds(5);

    private readonly Argument<string> _prompt = new("prompt") { Description = "What the pictures show" };
    private readonly Option<long> _count = new("--count", "-n") { Description = "How many, with seed, seed + 1, ...", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<string> _out = new("--out", "-o") { Description = "Folder for the pictures", DefaultValueFactory = _ => ".", HelpName = "DIR" };
    private readonly Option<string?> _model = new("--model", "-m") { Description = "A model of 'renderfarm models list' [default: emoji]", HelpName = "NAME" };
    private readonly Option<int> _bestOf = new("--best-of") { Description = "Render so many for each, up to 16, and keep the one that fits the prompt best by CLIP", DefaultValueFactory = _ => 1, HelpName = "N" };
    private readonly Option<string> _format = new("--format") { Description = string.Join(", ", OutputSettings.Formats), DefaultValueFactory = _ => OutputSettings.Png, HelpName = "NAME" };
    private readonly Option<int?> _quality = new("--quality") { Description = "Of jpeg and webp, 1 to 100 [default: 90]", HelpName = "N" };
    private readonly Option<bool> _json = new("--json") { Description = "Print the job and the files as JSON" };
    private readonly SettingsOptions _settings;
    private readonly FarmOptions _farm;
    private readonly Option<bool> _verbose;
    private readonly Terminal _terminal;

    private RenderCommand(Command command, Terminal terminal, Option<bool> verbose)
    {
        command.Add(_prompt);
        command.Add(_count);
        command.Add(_out);
        command.Add(_model);
        _settings = SettingsOptions.AddTo(command);
        command.Add(_bestOf);
        command.Add(_format);
        command.Add(_quality);
        command.Add(_json);
        _farm = FarmOptions.AddTo(command);
        (_verbose, _terminal) = (verbose, terminal);
        command.SetAction(RunAsync);
    }

    public static Command Create(Terminal terminal, Option<bool> verbose)
    {
        var command = new Command("render", "Render pictures of a prompt. Uses the configured or running farm, or starts one in this process");
        _ = new RenderCommand(command, terminal, verbose);
        command.Examples(
            "renderfarm render \"a pizza on a blue background\" -n 4 -o out",
            "renderfarm render \"a small whale, pink background\" --steps 30 --sampler euler_a --seed 7",
            "renderfarm render \"a (yellow:1.3) lion\" --sampler \"DPM++ 2M\" --hires 2 --best-of 4 --format webp");
        return command;
    }

    private async Task<int> RunAsync(ParseResult line, CancellationToken cancellationToken)
    {
        var folder = Directory.CreateDirectory(line.GetValue(_out)!).FullName;
        var level = line.GetValue(_verbose) ? LogLevel.Information : LogLevel.Error;
        await using var farm = await OpenFarm.ExistingOrOwnAsync(_farm, line, level, _terminal, cancellationToken);
        var job = await farm.Client.SubmitAsync(Request(line), cancellationToken: cancellationToken);
        var pictures = new PictureFolder(farm.Client, folder, job);
        try
        {
            job = await new JobProgress(farm.Client, _terminal, TimeProvider.System).FollowAsync(job, pictures.AddAsync, cancellationToken);
            await pictures.FinishAsync();
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            using var patience = new CancellationTokenSource(CancelPatience, TimeProvider.System);
            await farm.Client.CancelJobAsync(job.Id, patience.Token);
            _terminal.Complain($"Cancelled. {Words.Images(pictures.Files.Count)} rendered before are in {folder}.");
            return ExitCodes.Interrupted;
        }

        return Report(line, job, pictures, folder);
    }

    private JobRequest Request(ParseResult line)
    {
        var request = new JobRequest
        {
            // Somebody waits for it.
            Class = JobClass.Interactive,
            Count = line.GetValue(_count),
            BestOf = line.GetValue(_bestOf),
            Output = new OutputSettings { Format = line.GetValue(_format)!, Quality = line.GetValue(_quality) },
            Settings = _settings.Read(line) with { Prompt = line.GetValue(_prompt) },
        };
        return line.GetValue(_model) is { } model ? request with { Model = model } : request;
    }

    private int Report(ParseResult line, JobView job, PictureFolder pictures, string folder)
    {
        if (line.GetValue(_json))
        {
            _terminal.Json(new { job, files = pictures.Files });
        }
        else
        {
            foreach (var file in pictures.Files)
            {
                _terminal.Line(file);
            }
        }

        if (job.State == JobState.Completed && job.FinishedAt - job.StartedAt is { } time)
        {
            _terminal.Note($"{Words.Images(job.Rendered)} in {folder}, rendered in {Words.Time(time.TotalSeconds)}.");
        }

        return Outcome.Report(job, _terminal);
    }
}
