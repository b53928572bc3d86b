using System.Globalization;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>The ledger's audit for people, on a database that no coordinator of this process has open.</summary>
public static class FarmAudit
{
    /// <summary>What must hold and does not, a line each; empty when the ledger is whole. A null job audits all.</summary>
    public static async Task<IReadOnlyList<string>> RunAsync(DatabaseOptions options, Guid? jobId, CancellationToken cancellationToken)
    {
        await FarmSchema.CheckAsync(options, cancellationToken);
        await using var databases = new FarmDbFactory(options, isHurried: false);
        using var ledger = new FrameLedger(databases, options.Provider == DatabaseProvider.Postgres ? new PostgresLedgerSql() : new SqliteLedgerSql(), new LedgerOptions());
        return [.. (await ledger.AuditAsync(jobId, cancellationToken)).Select(Line)];
    }

    private static string Line(LedgerViolation violation)
    {
        var line = $"job {violation.JobId}: {violation.Rule}";
        if (violation is { First: { } first, Count: { } count })
        {
            line += string.Create(CultureInfo.InvariantCulture, $", frames {first} to {first + count - 1}");
        }

        return violation is { Expected: { } expected, Actual: { } actual }
            ? line + string.Create(CultureInfo.InvariantCulture, $", expected {expected}, got {actual}")
            : line;
    }
}
