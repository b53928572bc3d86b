using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Client;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm quarantine</c>: frames over which render processes died, with the evidence, and what shall become of them.</summary>
internal static class QuarantineCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("quarantine", "See the images over which render processes died, and try them again or give them up")
        {
            List(terminal),
            Settle(terminal, "requeue", "Try quarantined images again", (farm, id, frames, token) => farm.RequeueQuarantinedAsync(id, frames, token), "Requeued"),
            Settle(terminal, "drop", "Give quarantined images up", (farm, id, frames, token) => farm.DropQuarantinedAsync(id, frames, token), "Dropped"),
        };
        command.Examples("renderfarm quarantine list 0193a5d2-7c00-7000-8000-000000000001", "renderfarm quarantine requeue 0193a5d2-7c00-7000-8000-000000000001 --frames 3,5-7");
        return command;
    }

    private static Command List(Terminal terminal)
    {
        var id = JobId();
        var json = new Option<bool>("--json") { Description = "Print each page of frames with its evidence as a line of JSON" };
        var command = new Command("list", "List the quarantined images of a job with the evidence") { id, json };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm quarantine list 0193a5d2-7c00-7000-8000-000000000001");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            var (frames, cursor) = (0, (string?)null);
            do
            {
                var page = await farm.Client.GetQuarantineAsync(line.GetValue(id), cursor, cancellationToken);
                (frames, cursor) = (frames + page.Items.Count, page.Cursor);
                if (line.GetValue(json))
                {
                    terminal.Json(page);
                }
                else
                {
                    Print(page, terminal);
                }
            }
            while (cursor is not null);
            if (frames == 0)
            {
                terminal.Note("No image of the job is in quarantine.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static void Print(QuarantineView page, Terminal terminal)
    {
        foreach (var frame in page.Items)
        {
            terminal.Line($"frame {frame.Index}, seed {frame.Seed}, until {frame.Until:yyyy-MM-dd HH:mm:ss}: {frame.Error}");
            if (frame.Prompt is { } prompt)
            {
                terminal.Line($"  prompt: {prompt}");
            }

            foreach (var death in page.Deaths.Where(death => frame.Deaths.Contains(death.AttemptId)))
            {
                terminal.Line($"  {death.EndedAt:yyyy-MM-dd HH:mm:ss} {death.Outcome} on worker {death.Worker}, frames {death.First} to {death.First + death.Count - 1}: {death.Message}");
                foreach (var text in (death.Evidence ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
                {
                    terminal.Line($"    | {text.TrimEnd()}");
                }
            }
        }
    }

    private static Command Settle(
        Terminal terminal, string name, string description, Func<RenderFarmClient, Guid, IReadOnlyList<long>?, CancellationToken, Task<QuarantineAnswer>> settle, string done)
    {
        var id = JobId();
        var frames = new Option<string?>("--frames") { Description = "Only these images [default: all of the job's]", HelpName = "3,5-7" };
        var command = new Command(name, description) { id, frames };
        var options = FarmOptions.AddTo(command);
        command.Examples($"renderfarm quarantine {name} 0193a5d2-7c00-7000-8000-000000000001 --frames 3,5-7");
        command.SetAction(async (line, cancellationToken) =>
        {
            var wanted = line.GetValue(frames) is { } text ? FrameNumbers.Parse(text) : null;
            await using var farm = OpenFarm.Existing(options, line);
            var answer = await settle(farm.Client, line.GetValue(id), wanted, cancellationToken);
            terminal.Line($"{done} {Words.Images(answer.Frames)}; {Words.Images(answer.Job.Quarantined)} of job {answer.Job.Id} left in quarantine.");
            return ExitCodes.Done;
        });
        return command;
    }

    private static Argument<Guid> JobId() => new("id") { Description = "Id of the job" };
}
