using System.Data.Common;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

/// <content>What waits, in the order of the queue.</content>
internal abstract partial class LedgerSql
{
    /// <summary>Head of the queue: a walk along the index of the queue's order and nothing else, also while the database does not know yet how long the queue has grown.</summary>
    public string Waiting => WaitingOf("@limit", "");

    /// <summary>The same of certain models alone, however many spans of others go before them, as far as it is looked.</summary>
    public string WaitingOfModels => $"{WaitingOf("@most", $" AND j.model_digest {In("digests")}")} LIMIT @limit";

    /// <summary>The first spans of the queue.</summary>
    public async Task<List<WaitingSpan>> WaitingAsync(FarmDb db, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(db, Waiting);
        Add(command, "limit", limit);
        return await ReadWaitingAsync(command, cancellationToken);
    }

    /// <summary>The first spans of jobs with these models, among the first <paramref name="most"/> of the queue.</summary>
    public async Task<List<WaitingSpan>> WaitingAsync(FarmDb db, IReadOnlyCollection<string> digests, int most, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(db, WaitingOfModels);
        AddSet(command, "digests", digests);
        Add(command, "most", most);
        Add(command, "limit", limit);
        return await ReadWaitingAsync(command, cancellationToken);
    }

    private string WaitingOf(string most, string condition) => $"""
        SELECT s.job_id, j.tenant, j.class, s.priority, s.submitted_at, j.model, j.model_digest, s."first", s."count", s.tries, s.crashes, s.alone, s.tried_workers,
               {Work}, CASE WHEN j.rendered > 0 THEN CAST(j.render_milliseconds AS double precision) / j.rendered END, j.lease_limit
        FROM (SELECT * FROM spans WHERE rank < {Ledger.Span.PausedRank} AND available_at <= {Clock} ORDER BY rank, priority DESC, submitted_at, job_id, "first" LIMIT {most}) s
             {ForEach("jobs j", $"j.id = s.job_id AND j.state IN ('Queued', 'Running'){condition}")}
        ORDER BY s.rank, s.priority DESC, s.submitted_at, s.job_id, s."first"
        """;

    private async Task<List<WaitingSpan>> ReadWaitingAsync(DbCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await ReadAsync(
            reader,
            row => new WaitingSpan(
                row.GetGuid(0), row.GetString(1), Enum.Parse<JobClass>(row.GetString(2)), row.GetInt32(3), Moment(row, 4), row.GetString(5), row.GetString(6),
                row.GetInt64(7), row.GetInt64(8), new Strikes(row.GetInt32(9), row.GetInt32(10), row.GetBoolean(11), row.GetString(12)),
                row.GetDouble(13), row.IsDBNull(14) ? null : row.GetDouble(14), row.GetInt32(15)),
            cancellationToken);
    }
}
