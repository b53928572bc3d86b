using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm workers</c>: who renders, and what.</summary>
internal static class WorkersCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print each worker as a line of JSON" };
        var command = new Command("workers", "List the workers of the farm") { json };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm workers");
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            var workers = await farm.Client.WorkersAsync(cancellationToken);
            if (line.GetValue(json))
            {
                workers.ToList().ForEach(terminal.Json);
            }
            else
            {
                terminal.Table(
                    ["name", "state", "device", "rendering", "rendered", "memory", "warm models"],
                    workers.Select(worker => new[]
                    {
                        worker.Name, $"{worker.State}", worker.Device, $"{worker.Rendering}", $"{worker.Rendered}",
                        $"{Words.Bytes(worker.ResidentBytes)} of {Words.Bytes(worker.MemoryBytes)}", string.Join(", ", worker.WarmModels),
                    }),
                    "No worker has joined yet.");
            }

            return ExitCodes.Done;
        });
        return command;
    }
}
