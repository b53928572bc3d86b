using System.Globalization;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Coordinator.Audit;

/// <summary>The farm's audit for people, on a database that no coordinator of this process has open. It reads and changes nothing.</summary>
public static class FarmAudit
{
    /// <summary>Runs it. A null job audits all; with a store, its objects are compared with the frames, but for those of jobs that are kept no longer.</summary>
    public static async Task<AuditReport> RunAsync(DatabaseOptions options, Guid? jobId, IArtifactStore? store, TimeSpan? retainJobs, CancellationToken cancellationToken)
    {
        await FarmSchema.CheckAsync(options, cancellationToken);
        await using var databases = new FarmDbFactory(options, isHurried: false);
        List<LedgerViolation> violations;
        await using (var db = await databases.CreateDbContextAsync(cancellationToken))
        {
            violations = await LedgerAudit.RunAsync(db, jobId, cancellationToken);
        }

        if (store is not null)
        {
            violations.AddRange(await new ObjectAudit(databases, store, retainJobs).RunAsync(jobId, cancellationToken));
        }

        var broken = violations.Select(violation => violation.Invariant).ToHashSet();
        return new AuditReport(
            [.. Invariants.All.Select(invariant => invariant.Judge(broken.Contains(invariant.Id), isOneJob: jobId is not null, hasObjects: store is not null))],
            [.. violations.Select(Line)]);
    }

    private static string Line(LedgerViolation violation)
    {
        string?[] about = [violation.JobId is { } job ? $"job {job}" : null, violation.Subject];
        var line = $"{violation.Invariant} {string.Join(", ", about.OfType<string>())}: {violation.Rule}";
        if (violation is { First: { } first, Count: { } count })
        {
            line += string.Create(CultureInfo.InvariantCulture, $", frames {first} to {first + count - 1}");
        }

        return violation is { Expected: { } expected, Actual: { } actual }
            ? line + string.Create(CultureInfo.InvariantCulture, $", expected {expected}, got {actual}")
            : line;
    }
}

/// <summary>What an audit found.</summary>
/// <param name="Invariants">Each invariant, in order.</param>
/// <param name="Violations">What must hold and does not, a line each; empty when the farm is whole.</param>
public sealed record AuditReport(IReadOnlyList<AuditedInvariant> Invariants, IReadOnlyList<string> Violations);

/// <summary>An invariant and whether it holds; null where this audit cannot see it, with the reason.</summary>
public sealed record AuditedInvariant(string Id, string What, bool? Holds, string? WhyNotVisible);
