using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm submit</c>: hands in a job that is JSON already.</summary>
internal static class SubmitCommand
{
    public static Command Create(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "A job as POST /v1/jobs takes it; - reads standard input" };
        var key = new Option<string?>("--idempotency-key") { Description = "A second call with the same key returns the first call's job", HelpName = "WORD" };
        var json = new Option<bool>("--json") { Description = "Print the job as JSON" };
        var command = new Command("submit", "Submit a job from a JSON file") { file, key, json };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm submit posters.json", "echo '{\"count\":4,\"settings\":{\"prompt\":\"a whale\"}}' | renderfarm submit -");
        command.SetAction(async (line, cancellationToken) =>
        {
            var body = await ReadAsync(line.GetValue(file)!, terminal, cancellationToken);
            await using var farm = OpenFarm.Existing(options, line);
            var job = await farm.Client.SubmitAsync(body, line.GetValue(key), cancellationToken);
            if (line.GetValue(json))
            {
                terminal.Json(job);
            }
            else
            {
                terminal.Line($"{job.Id}");
                terminal.Note($"{Words.Images(job.FrameCount)} {(job.FrameCount == 1 ? "is" : "are")} queued; 'renderfarm watch {job.Id}' follows them.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<byte[]> ReadAsync(string file, Terminal terminal, CancellationToken cancellationToken)
    {
        if (file != "-")
        {
            return File.Exists(file) ? await File.ReadAllBytesAsync(file, cancellationToken) : throw new UserError($"There is no file {Path.GetFullPath(file)}.");
        }

        using var text = new MemoryStream();
        await terminal.Input.CopyToAsync(text, cancellationToken);
        return text.ToArray();
    }
}
