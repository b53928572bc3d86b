using System.CommandLine;
using Microsoft.Extensions.Logging;
using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Models;
using RenderFarm.Cli.Output;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm up</c>: the whole farm in this process, with its dashboard, until Ctrl+C.</summary>
internal static class UpCommand
{
    private const int UsualPort = 5180;

    public static Command Create(Terminal terminal, Option<bool> verbose)
    {
        var port = new Option<int>("--port") { Description = "Port on 127.0.0.1; 0 takes a free one", DefaultValueFactory = _ => UsualPort, HelpName = "N" };
        var data = new Option<string?>("--data") { Description = "Folder for jobs and pictures [RENDERFARM_DATA]", HelpName = "DIR" };
        var models = new Option<string?>("--models") { Description = "Folder whose subfolders and .safetensors files are models [default: models of the data folder]", HelpName = "DIR" };
        var command = new Command("up", "Run a farm on this machine, with its dashboard, until Ctrl+C. Jobs go on at the next start") { port, data, models };
        command.Examples("renderfarm up", "renderfarm up --port 8080 --data /srv/renderfarm --models /srv/models");
        command.SetAction(async (line, cancellationToken) =>
        {
            var folder = Path.GetFullPath(line.GetValue(data) ?? DataFolder.Default());
            var shelf = line.GetValue(models) is { } given ? Path.GetFullPath(given) : LocalModels.Prepare(folder);
            var level = line.GetValue(verbose) ? LogLevel.Information : LogLevel.Warning;
            await using var farm = await EmbeddedFarm.StartAsync(folder, shelf, line.GetValue(port), [], level, cancellationToken);
            terminal.Line($"RenderFarm is up, until Ctrl+C. Jobs go on at the next start.");
            terminal.Line($"  Dashboard  {farm.SignInAddress}");
            terminal.Line($"  API        {new Uri(farm.Address, "v1")}, described at {new Uri(farm.Address, "scalar")}");
            terminal.Line($"  Data       {folder}");
            terminal.Line($"  Models     {shelf}");
            terminal.Writer.Flush();
            await WaitAsync(cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task WaitAsync(CancellationToken cancellationToken)
    {
        var stop = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(stop.SetResult);
        await stop.Task;
    }
}
