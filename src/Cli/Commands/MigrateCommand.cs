using System.CommandLine;
using RenderFarm.Cli.Output;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm migrate</c>: brings the database to this program's schema.</summary>
internal static class MigrateCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command("migrate", "Bring the database to this program's schema");
        var database = DatabaseChoice.AddTo(command);
        command.Examples(
            "renderfarm migrate --Database:Provider=Postgres --Database:ConnectionString='Host=db;Database=farm;Username=farm;Password=...'",
            "renderfarm migrate --data /srv/renderfarm");
        command.SetAction(async (line, cancellationToken) =>
        {
            var applied = await FarmSchema.ApplyAsync(database.Read(line), cancellationToken);
            terminal.Line(applied.Count == 0 ? "The schema is current." : $"Applied {string.Join(", ", applied)}.");
            return ExitCodes.Done;
        });
        return command;
    }
}
