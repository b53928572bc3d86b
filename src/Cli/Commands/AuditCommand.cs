using System.CommandLine;
using RenderFarm.Cli.Output;
using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm audit</c>: proves that every frame of every job is in exactly one place.</summary>
internal static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var job = new Option<Guid?>("--job") { Description = "Only this job", HelpName = "ID" };
        var command = new Command("audit", "Check that every frame of every job waits, is being rendered, or is settled, and that all counts agree") { job };
        var database = DatabaseChoice.AddTo(command);
        command.Examples("renderfarm audit", "renderfarm audit --data /srv/renderfarm");
        command.SetAction(async (line, cancellationToken) =>
        {
            var violations = await FarmAudit.RunAsync(database.Read(line), line.GetValue(job), cancellationToken);
            foreach (var violation in violations)
            {
                terminal.Line(violation);
            }

            if (violations.Count == 0)
            {
                terminal.Line("The ledger is whole.");
                return ExitCodes.Done;
            }

            terminal.Complain($"The ledger breaks {violations.Count} rules.");
            return ExitCodes.Failed;
        });
        return command;
    }
}
