using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm jobs</c>: what was submitted, newest first.</summary>
internal static class JobsCommand
{
    private const int MaxTitle = 50;

    public static Command Create(Terminal terminal)
    {
        var state = new Option<JobState?>("--state") { Description = "Only jobs of this state: queued, running, completed, failed, cancelled", HelpName = "STATE" };
        var search = new Option<string?>("--search") { Description = "Only jobs with this in their name, of this model, or of this id", HelpName = "TEXT" };
        var limit = new Option<int>("--limit") { Description = "Jobs to show at most", DefaultValueFactory = _ => 20, HelpName = "N" };
        var json = new Option<bool>("--json") { Description = "Print each job as a line of JSON" };
        var command = new Command("jobs", "List jobs, newest first") { state, search, limit, json };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm jobs --state running", "renderfarm jobs --search posters --json");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            var jobs = await farm.Client.ListJobsAsync(line.GetValue(state), line.GetValue(search), cancellationToken)
                .Take(line.GetValue(limit)).ToListAsync(cancellationToken);
            if (line.GetValue(json))
            {
                jobs.ForEach(terminal.Json);
            }
            else
            {
                terminal.Table(
                    ["id", "name", "state", "images", "submitted"],
                    jobs.Select(job => new[] { $"{job.Id}", Title(job), $"{job.State}", Words.Progress(job), $"{job.CreatedAt:yyyy-MM-dd HH:mm}" }),
                    "No jobs.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static string Title(JobView job)
    {
        var title = job.Name.Length > 0 ? job.Name : job.Settings.Prompt ?? $"{job.PromptCount} prompts";
        return title.Length <= MaxTitle ? title : string.Concat(title.AsSpan(0, MaxTitle - 3), "...");
    }
}
