using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Client;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm pause</c> and <c>renderfarm resume</c>: hold a job, and let it go on.</summary>
internal static class PauseCommand
{
    public static Command Pause(Terminal terminal) => Create(
        terminal, "pause", "Pause a job; what was rendered stays, and the rest waits until it is resumed",
        (farm, id, cancellationToken) => farm.PauseJobAsync(id, cancellationToken),
        job => $"Job {job.Id} is paused; {job.Rendered} of {Words.Images(job.FrameCount)} are rendered.");

    public static Command Resume(Terminal terminal) => Create(
        terminal, "resume", "Let a paused job go on where it was",
        (farm, id, cancellationToken) => farm.ResumeJobAsync(id, cancellationToken),
        job => $"Job {job.Id} goes on; {job.Rendered} of {Words.Images(job.FrameCount)} are rendered.");

    private static Command Create(Terminal terminal, string name, string description, Func<RenderFarmClient, Guid, CancellationToken, Task<JobView>> change, Func<JobView, string> words)
    {
        var id = new Argument<Guid>("id") { Description = "Id of the job" };
        var command = new Command(name, description) { id };
        var options = FarmOptions.AddTo(command);
        command.Examples($"renderfarm {name} 0193a5d2-7c00-7000-8000-000000000001");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            terminal.Line(words(await change(farm.Client, line.GetValue(id), cancellationToken)));
            return ExitCodes.Done;
        });
        return command;
    }
}
