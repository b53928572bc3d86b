using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm workers</c>: who renders, and what; with its subcommands, who may.</summary>
internal static class WorkersCommand
{
    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "Print each worker as a line of JSON" };
        var command = new Command("workers", "List the workers of the farm")
        {
            json, WorkerOrders.Drain(terminal), WorkerOrders.Resume(terminal), WorkerOrders.Block(terminal), WorkerOrders.Unblock(terminal),
        };
        var options = FarmOptions.AddTo(command);
        command.Examples("renderfarm workers", "renderfarm workers drain gpu-01 --reason \"new cooler\"", "renderfarm workers resume gpu-01");
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
                    ["name", "state", "device", "slots", "rendering", "rendered", "memory", "spool", "warm models", "remarks"],
                    workers.Select(worker => new[]
                    {
                        worker.Name, $"{worker.State}", worker.Device, Slots(worker), $"{worker.Rendering}", $"{worker.Rendered}",
                        $"{Words.Bytes(worker.ResidentBytes)} of {Words.Bytes(worker.MemoryBytes)}", worker.SpoolBytes > 0 ? Words.Bytes(worker.SpoolBytes) : "",
                        string.Join(", ", worker.WarmModels), Remarks(worker),
                    }),
                    "No worker has joined yet.");
            }

            return ExitCodes.Done;
        });
        return command;
    }

    private static string Slots(WorkerView worker) => worker.SlotStatus.Count == 0
        ? $"{worker.Slots}"
        : string.Join(", ", worker.SlotStatus.Select(slot => slot.Steps > 0 ? $"{slot.State} {slot.Step}/{slot.Steps}" : slot.State));

    private static string Remarks(WorkerView worker)
    {
        var remarks = new List<string>();
        if (worker.DrainReason is { } reason)
        {
            remarks.Add(reason);
        }

        if (worker.StoreIsAway)
        {
            remarks.Add("cannot reach the store");
        }

        if (worker.Strikes > 0)
        {
            remarks.Add(worker.Strikes == 1 ? "1 strike" : $"{worker.Strikes} strikes");
        }

        remarks.AddRange(worker.Blocks.Select(block => block.Model is { } model ? $"blocked for model {model}" : $"blocked for job {block.Job}"));
        return string.Join("; ", remarks);
    }
}
