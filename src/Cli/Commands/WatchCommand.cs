using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Client;
using RenderFarm.Shared;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm watch</c>: follows a job to its end.</summary>
internal static class WatchCommand
{
    public static Command Create(Terminal terminal)
    {
        var id = new Argument<Guid>("id") { Description = "Id of the job" };
        var json = new Option<bool>("--json") { Description = "Print each event as a line of JSON" };
        var command = new Command("watch", "Follow a job to its end; exits with 0 if every image was rendered") { id, json };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm watch 0193a5d2-7c00-7000-8000-000000000001");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            var job = await farm.Client.GetJobAsync(line.GetValue(id), cancellationToken);
            if (line.GetValue(json))
            {
                return await PrintAsync(farm.Client, job.Id, terminal, cancellationToken);
            }

            job = await new JobProgress(farm.Client, terminal, TimeProvider.System).FollowAsync(job, _ => Task.CompletedTask, cancellationToken);
            terminal.Line($"{job.State}: {job.Rendered} of {Words.Images(job.FrameCount)}");
            return Outcome.Report(job, terminal);
        });
        return command;
    }

    private static async Task<int> PrintAsync(RenderFarmClient farm, Guid id, Terminal terminal, CancellationToken cancellationToken)
    {
        var code = ExitCodes.Failed;
        await foreach (var change in farm.WatchAsync(id, cancellationToken))
        {
            switch (change)
            {
                case JobEvent.JobChanged(var job):
                    terminal.Json(new { job });
                    code = job is { State: JobState.Completed, Failed: 0 } ? ExitCodes.Done : ExitCodes.Failed;
                    break;
                case JobEvent.FrameSettled(var frame):
                    terminal.Json(new { frame });
                    break;
                case JobEvent.StepDone(var step):
                    terminal.Json(new { progress = step });
                    break;
            }
        }

        return code;
    }
}
