using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Output;

/// <summary>What an ended job means for the exit code.</summary>
internal static class Outcome
{
    public static int Report(JobView job, Terminal terminal)
    {
        switch (job)
        {
            case { State: JobState.Completed, Failed: 0 }:
                return ExitCodes.Done;
            case { State: JobState.Completed }:
                terminal.Complain($"{job.Failed} of {Words.Images(job.FrameCount)} failed: {job.Error}");
                break;
            case { State: JobState.Failed }:
                terminal.Complain($"No image was rendered: {job.Error}");
                break;
            default:
                terminal.Complain($"Job {job.Id} is {job.State}; {job.Rendered} of {Words.Images(job.FrameCount)} were rendered.");
                break;
        }

        return ExitCodes.Failed;
    }
}
