namespace RenderFarm.Coordinator.Tests.Ledger;

public abstract partial class FrameLedgerContract
{
    [Theory]
    [InlineData("DELETE FROM spans", "gap: frames are in no place")]
    [InlineData("DELETE FROM leases", "gap: frames are in no place")]
    [InlineData("UPDATE spans SET \"first\" = \"first\" - 1", "overlap: frames are in two places")]
    [InlineData("UPDATE spans SET \"count\" = \"count\" + 1", "range: frames are outside the job")]
    [InlineData("UPDATE spans SET \"count\" = \"count\" - 1", "gap: frames are in no place")]
    [InlineData("UPDATE leases SET \"count\" = \"count\" + 1", "overlap: frames are in two places")]
    [InlineData("UPDATE leases SET fence = 77", "fence: a lease is ahead of its job")]
    [InlineData("UPDATE jobs SET rendered = rendered + 1", "counter: rendered")]
    [InlineData("UPDATE jobs SET failed = 0", "counter: failed")]
    [InlineData("UPDATE jobs SET quarantined = 1", "counter: quarantined")]
    [InlineData("UPDATE jobs SET render_milliseconds = 1", "counter: render milliseconds")]
    [InlineData("UPDATE jobs SET cancelled = 1", "counter: cancelled")]
    [InlineData("UPDATE jobs SET version = 1", "version: a frame is ahead of its job")]
    [InlineData("DELETE FROM frames WHERE state = 'Rendered'", "counter: rendered")]
    [InlineData("DELETE FROM frames WHERE state = 'Failed'", "gap: frames are in no place")]
    [InlineData("DELETE FROM attempts", "attempt: a frame has none")]
    [InlineData("UPDATE jobs SET state = 'Cancelled', finished_at = created_at, cancelled = frame_count - rendered - failed", "end: frames of an ended job wait")]
    public async Task Audit_finds_the_damage(string damage, string rule)
    {
        var whole = await SubmitAsync(5);
        var job = await SubmitAsync(20);
        var failed = await OfferAsync(job, 0, 2);
        await _ledger.EndAsync([LedgerData.Ended(failed, Ada, Shared.ErrorClass.Request, "bad")], Cancelled);
        var leased = await OfferAsync(job, 2, 6);
        await CommitAsync(leased, 3, 4);
        Assert.Empty(await _ledger.AuditAsync(null, Cancelled));
        _isDamaged = true;

        var column = damage.Contains(" jobs ", StringComparison.Ordinal) ? "id" : "job_id";
        var condition = damage.Contains("WHERE", StringComparison.Ordinal) ? " AND" : " WHERE";
        // SQLite keeps the ids of this provider as text in capitals; PostgreSQL reads any case.
        Assert.NotEqual(0, await database.ExecuteAsync($"{damage}{condition} {column} = '{job.Id.ToString().ToUpperInvariant()}'"));

        var violations = await _ledger.AuditAsync(null, Cancelled);
        Assert.Contains(violations, violation => violation.Rule == rule);
        Assert.All(violations, violation => Assert.Equal(job.Id, violation.JobId));
        Assert.Equal(violations.Count, (await _ledger.AuditAsync(job.Id, Cancelled)).Count);
        Assert.Empty(await _ledger.AuditAsync(whole.Id, Cancelled));
    }
}
