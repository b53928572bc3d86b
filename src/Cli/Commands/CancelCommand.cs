using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm cancel</c>: ends a job where it stands.</summary>
internal static class CancelCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<Guid>("id") { Description = "Id of the job" };
        var command = new Command("cancel", "Cancel a job; what was rendered stays") { id };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm cancel 0193a5d2-7c00-7000-8000-000000000001");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            var job = await farm.Client.CancelJobAsync(line.GetValue(id), cancellationToken);
            terminal.Line($"Job {job.Id} is cancelled; {job.Rendered} of {Words.Images(job.FrameCount)} were rendered.");
            return ExitCodes.Done;
        });
        return command;
    }
}
