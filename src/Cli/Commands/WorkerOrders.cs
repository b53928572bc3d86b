using System.CommandLine;
using RenderFarm.Cli.Farms;
using RenderFarm.Cli.Output;
using RenderFarm.Client;
using RenderFarm.Shared.Api;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm workers drain</c>, <c>resume</c>, <c>block</c> and <c>unblock</c>.</summary>
internal static class WorkerOrders
{
    public static Command Drain(Terminal terminal)
    {
        var reason = Reason();
        var command = new Command("drain", "Let a worker finish what it has and give it no more, until it is resumed") { reason };
        return Order(command, terminal, "renderfarm workers drain gpu-01 --reason \"new cooler\"", async (client, name, line, cancellationToken) =>
        {
            var worker = await client.DrainWorkerAsync(name, line.GetValue(reason), cancellationToken);
            return worker.Leases > 0 ? $"Worker {name} is draining; it holds {Words.Images(worker.Rendering)}." : $"Worker {name} is drained.";
        });
    }

    public static Command Resume(Terminal terminal) =>
        Order(new Command("resume", "Let a drained worker render again, and forgive its strikes"), terminal, "renderfarm workers resume gpu-01", async (client, name, _, cancellationToken) =>
        {
            await client.ResumeWorkerAsync(name, cancellationToken);
            return $"Worker {name} is resumed.";
        });

    public static Command Block(Terminal terminal)
    {
        var (model, job, reason) = (Model(), Job(), Reason());
        var command = new Command("block", "Keep a worker from a model or a job, until it is unblocked") { model, job, reason };
        return Order(command, terminal, "renderfarm workers block gpu-01 --model emoji", async (client, name, line, cancellationToken) =>
        {
            var what = What(line, model, job) with { Reason = line.GetValue(reason) };
            await client.BlockWorkerAsync(name, what, cancellationToken);
            return $"Worker {name} is blocked for {Named(what)}.";
        });
    }

    public static Command Unblock(Terminal terminal)
    {
        var (model, job) = (Model(), Job());
        var command = new Command("unblock", "Lift a block of a worker, and forgive the strikes that brought it") { model, job };
        return Order(command, terminal, "renderfarm workers unblock gpu-01 --model emoji", async (client, name, line, cancellationToken) =>
        {
            var what = What(line, model, job);
            await client.UnblockWorkerAsync(name, what, cancellationToken);
            return $"Worker {name} is not blocked for {Named(what)}.";
        });
    }

    private static Command Order(Command command, Terminal terminal, string example, Func<RenderFarmClient, string, ParseResult, CancellationToken, Task<string>> order)
    {
        var name = new Argument<string>("name") { Description = "Name of the worker" };
        command.Add(name);
        var options = FarmOptions.AddTo(command);
        command.Examples(example);
        command.SetAction(async (line, cancellationToken) =>
        {
            await using var farm = OpenFarm.Existing(options, line);
            terminal.Line(await order(farm.Client, line.GetRequiredValue(name), line, cancellationToken));
            return ExitCodes.Done;
        });
        return command;
    }

    private static WorkerBlocking What(ParseResult line, Option<string?> model, Option<Guid?> job) => (line.GetValue(model), line.GetValue(job)) switch
    {
        ({ } name, null) => new WorkerBlocking { Model = name },
        (null, { } id) => new WorkerBlocking { Job = id.ToString() },
        _ => throw new UserError("Give either --model or --job."),
    };

    private static string Named(WorkerBlocking what) => what.Model is { } model ? $"model {model}" : $"job {what.Job}";

    private static Option<string?> Reason() => new("--reason") { Description = "Why, for people", HelpName = "TEXT" };

    private static Option<string?> Model() => new("--model") { Description = "Name of the model", HelpName = "NAME" };

    private static Option<Guid?> Job() => new("--job") { Description = "Id of the job", HelpName = "ID" };
}
