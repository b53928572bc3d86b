using System.Data.Common;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Ledger;

internal abstract partial class LedgerSql
{
    private const string SpanColumns = "s.job_id, s.\"first\", s.\"count\", s.tries, s.crashes, s.alone, s.tried_workers, s.available_at, s.rank, s.priority, s.submitted_at";
    private const string LeaseColumns = "attempt_id, fence, job_id, \"first\", \"count\", tries, crashes, alone, tried_workers, worker, worker_epoch, state, offered_at, accept_by, lease_until";
    private const string AttemptColumns = "attempt_id, job_id, fence, \"first\", \"count\", rendered, worker, worker_epoch, started_at, ended_at, outcome, error_class, message, evidence, refused";

    protected abstract DateTimeOffset Moment(DbDataReader row, int column);

    protected static async Task<List<T>> ReadAsync<T>(DbDataReader reader, Func<DbDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private static string? Text(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static SettledFrame SettledFrame(DbDataReader row) => new(row.GetGuid(0), row.GetInt64(1), row.GetGuid(2), Enum.Parse<FrameState>(row.GetString(3)));

    private Span Span(DbDataReader row) => new()
    {
        JobId = row.GetGuid(0),
        First = row.GetInt64(1),
        Count = row.GetInt64(2),
        Tries = row.GetInt32(3),
        Crashes = row.GetInt32(4),
        Alone = row.GetBoolean(5),
        TriedWorkers = row.GetString(6),
        AvailableAt = Moment(row, 7),
        Rank = row.GetInt16(8),
        Priority = row.GetInt32(9),
        SubmittedAt = Moment(row, 10),
    };

    private Lease Lease(DbDataReader row) => new()
    {
        AttemptId = row.GetGuid(0),
        Fence = row.GetInt64(1),
        JobId = row.GetGuid(2),
        First = row.GetInt64(3),
        Count = row.GetInt32(4),
        Tries = row.GetInt32(5),
        Crashes = row.GetInt32(6),
        Alone = row.GetBoolean(7),
        TriedWorkers = row.GetString(8),
        Worker = row.GetString(9),
        WorkerEpoch = row.GetInt64(10),
        State = Enum.Parse<LeaseState>(row.GetString(11)),
        OfferedAt = Moment(row, 12),
        AcceptBy = Moment(row, 13),
        LeaseUntil = row.IsDBNull(14) ? null : Moment(row, 14),
    };

    private Attempt Attempt(DbDataReader row) => new()
    {
        AttemptId = row.GetGuid(0),
        JobId = row.GetGuid(1),
        Fence = row.GetInt64(2),
        First = row.GetInt64(3),
        Count = row.GetInt32(4),
        Rendered = row.GetInt32(5),
        Worker = row.GetString(6),
        WorkerEpoch = row.GetInt64(7),
        StartedAt = Moment(row, 8),
        EndedAt = Moment(row, 9),
        Outcome = Enum.Parse<AttemptOutcome>(row.GetString(10)),
        ErrorClass = row.IsDBNull(11) ? null : Enum.Parse<ErrorClass>(row.GetString(11)),
        Message = Text(row, 12),
        Evidence = Text(row, 13),
        Refused = Text(row, 14),
    };
}
