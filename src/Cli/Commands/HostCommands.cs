using System.CommandLine;
using RenderFarm.Cli.Hosting;
using RenderFarm.Cli.Output;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm coordinator</c> and <c>renderfarm worker</c>: the processes of a farm on several machines.</summary>
internal static class HostCommands
{
    private const string Settings = "Settings come from appsettings.json, then RENDERFARM__Section__Key, then --Section:Key=value";

    public static Command Coordinator()
    {
        var command = new Command("coordinator", $"Run a coordinator: API, dashboard and scheduler. {Settings}") { TreatUnmatchedTokensAsErrors = false };
        command.Examples(
            "renderfarm coordinator --Database:Provider=Postgres --Database:ConnectionString='Host=db;Database=farm;Username=farm;Password=...' --Bus:Transport=RabbitMq --Bus:Uri=amqp://farm:...@mq:5672/ --Access:Key=rf_...",
            "RENDERFARM__Coordinator__Urls=http://0.0.0.0:8080 renderfarm coordinator");
        command.SetAction(async (line, cancellationToken) =>
        {
            await CoordinatorProcess.RunAsync([.. line.UnmatchedTokens], cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }

    public static Command Worker()
    {
        var command = new Command("worker", $"Run a worker. {Settings}") { TreatUnmatchedTokensAsErrors = false };
        command.Examples(
            "renderfarm worker --Bus:Transport=RabbitMq --Bus:Uri=amqp://farm:...@mq:5672/ --Worker:Models=/srv/models --Worker:Device=cuda:0 --Worker:MemoryBudgetMiB=20000",
            "RENDERFARM__Worker__Name=gpu-7 renderfarm worker");
        command.SetAction(async (line, cancellationToken) =>
        {
            await WorkerProcess.RunAsync([.. line.UnmatchedTokens], cancellationToken);
            return ExitCodes.Done;
        });
        return command;
    }
}
