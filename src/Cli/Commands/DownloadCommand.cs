using System.CommandLine;
using System.Security.Cryptography;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm download</c>: fetches the pictures of a job that are not there yet.</summary>
internal static class DownloadCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<Guid>("id") { Description = "Id of the job" };
        var output = new Option<string>("--out", "-o") { Description = "Folder for the pictures", DefaultValueFactory = _ => ".", HelpName = "DIR" };
        var command = new Command("download", "Save the pictures of a job; those already there are kept") { id, output };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm download 0193a5d2-7c00-7000-8000-000000000001 -o posters");
        command.SetAction(async (line, cancellationToken) =>
        {
            var folder = Directory.CreateDirectory(line.GetValue(output)!).FullName;
            await using var farm = OpenFarm.Existing(options, line);
            var job = await farm.Client.GetJobAsync(line.GetValue(id), cancellationToken);
            var pictures = new PictureFolder(farm.Client, folder, job);
            var kept = 0L;
            await foreach (var frame in farm.Client.FramesAsync(job.Id, FrameState.Rendered, cancellationToken))
            {
                if (await IsThereAsync(pictures.PathOf(frame), frame, cancellationToken))
                {
                    kept++;
                }
                else
                {
                    await pictures.AddAsync(frame);
                }
            }

            await pictures.FinishAsync();
            terminal.Line($"{Words.Images(pictures.Files.Count)} saved in {folder}{(kept == 0 ? "" : $", {kept} were there already")}{(job.State.IsTerminal() ? "" : $"; the job is {job.State}")}.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<bool> IsThereAsync(string path, FrameView frame, CancellationToken cancellationToken)
    {
        if (!File.Exists(path) || new FileInfo(path).Length != frame.Bytes)
        {
            return false;
        }

        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellationToken)) == frame.Sha256;
    }
}
