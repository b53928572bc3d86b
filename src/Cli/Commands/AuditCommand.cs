using System.CommandLine;
using RenderFarm.Cli.Output;
using RenderFarm.Coordinator.Audit;

namespace RenderFarm.Cli.Commands;

/// <summary><c>renderfarm audit</c>: proves that every frame of every job is in exactly one place, and the farm's other invariants.</summary>
internal static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var job = new Option<Guid?>("--job") { Description = "Only this job", HelpName = "ID" };
        var objects = new Option<bool>("--objects") { Description = "Compare the artifact store with the frames as well; lists every object" };
        var command = new Command("audit", "Check a farm, also while it works: that every frame of every job waits, is being rendered, or is settled, and all else that must hold") { job, objects };
        var farm = DatabaseChoice.AddTo(command);
        command.Examples("renderfarm audit", "renderfarm audit --data /srv/renderfarm --objects");
        command.SetAction(async (line, cancellationToken) =>
        {
            var store = line.GetValue(objects) ? farm.Store(line) : null;
            using var held = store as IDisposable;
            var report = await FarmAudit.RunAsync(farm.Read(line), line.GetValue(job), store, farm.RetainJobs(line), cancellationToken);
            foreach (var invariant in report.Invariants)
            {
                terminal.Line(Shown(invariant));
            }

            foreach (var violation in report.Violations)
            {
                terminal.Line(violation);
            }

            if (report.Violations.Count == 0)
            {
                terminal.Line("The ledger is whole.");
                return ExitCodes.Done;
            }

            terminal.Complain($"The ledger breaks {report.Violations.Count} rules.");
            return ExitCodes.Failed;
        });
        return command;
    }

    private static string Shown(AuditedInvariant invariant)
    {
        var verdict = invariant.Holds switch { true => "ok", false => "violated", null => "not visible here" };
        return $"{invariant.Id,-4} {verdict,-17} {invariant.What}{(invariant.WhyNotVisible is { } why ? $" ({why})" : "")}";
    }
}
