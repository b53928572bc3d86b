namespace RenderFarm.Coordinator.Ledger;

/// <summary>The one query that says whether the ledger is whole; a farm's owner can run it as it stands.</summary>
internal static class LedgerAudit
{
    public static string Sql { get; } = Read();

    private static string Read()
    {
        using var reader = new StreamReader(typeof(LedgerAudit).Assembly.GetManifestResourceStream("LedgerAudit.sql")!);
        return reader.ReadToEnd();
    }
}
