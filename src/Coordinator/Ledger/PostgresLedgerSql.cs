using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Npgsql;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>The ledger on PostgreSQL: sets are arrays, and each kind of row is written by one statement however many rows there are.</summary>
internal sealed class PostgresLedgerSql : LedgerSql
{
    public override bool HasOneWriter => false;

    // The transaction's own clock stands still, so that a deadline could pass unseen while it waits for a lock.
    protected override string Clock => "clock_timestamp()";

    protected override string Lock => "FOR UPDATE";

    public override bool IsDuplicateKey(DbUpdateException problem) =>
        problem.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "ix_jobs_tenant_idempotency_key" };

    public override Task<List<Job>> LockJobsAsync(FarmDb db, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        db.Jobs.FromSql($"SELECT * FROM jobs WHERE id = ANY({ids.ToArray()}) ORDER BY id FOR UPDATE").AsNoTracking().ToListAsync(cancellationToken);

    public override async Task<HashSet<Guid>> RenewAsync(FarmDb db, IReadOnlyList<HeldLeases> held, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        await using var command = Command(db, """
            WITH asked AS (
                SELECT l.attempt_id, l.lease_until
                FROM leases l JOIN unnest(@attempts, @workers, @epochs) a(attempt_id, worker, epoch)
                  ON l.attempt_id = a.attempt_id AND l.worker = a.worker AND l.worker_epoch = a.epoch),
            due AS (
                SELECT l.attempt_id FROM leases l JOIN asked ON l.attempt_id = asked.attempt_id
                WHERE asked.lease_until IS NULL OR asked.lease_until < clock_timestamp() + @leaseFor * 0.8
                ORDER BY l.attempt_id FOR UPDATE OF l),
            renewed AS (
                UPDATE leases l SET state = 'Accepted', lease_until = GREATEST(l.lease_until, clock_timestamp() + @leaseFor) FROM due WHERE l.attempt_id = due.attempt_id)
            SELECT attempt_id FROM asked
            """);
        var leases = held.SelectMany(worker => worker.Attempts.Select(attempt => (Attempt: attempt, worker.Worker, worker.Epoch))).ToList();
        Add(command, "leaseFor", leaseFor);
        AddSet(command, "attempts", leases.Select(lease => lease.Attempt));
        AddSet(command, "workers", leases.Select(lease => lease.Worker));
        AddSet(command, "epochs", leases.Select(lease => lease.Epoch));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return [.. await ReadAsync(reader, row => row.GetGuid(0), cancellationToken)];
    }

    public override async Task<HashSet<Guid>> AcceptAsync(FarmDb db, IReadOnlyList<LeaseAccepted> accepted, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        await using var command = Command(db, """
            UPDATE leases l SET state = 'Accepted', lease_until = COALESCE(l.lease_until, clock_timestamp() + @leaseFor)
            FROM (SELECT h.attempt_id FROM leases h JOIN unnest(@attempts, @fences) a(attempt_id, fence) ON h.attempt_id = a.attempt_id AND h.fence = a.fence
                  ORDER BY h.attempt_id FOR UPDATE OF h) held
            WHERE l.attempt_id = held.attempt_id RETURNING l.attempt_id
            """);
        Add(command, "leaseFor", leaseFor);
        AddSet(command, "attempts", accepted.Select(lease => lease.AttemptId));
        AddSet(command, "fences", accepted.Select(lease => lease.Fence));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return [.. await ReadAsync(reader, row => row.GetGuid(0), cancellationToken)];
    }

    public override async Task<HashSet<Guid>> RenewAsync(
        FarmDb db, string worker, long epoch, IReadOnlyList<Guid> attempts, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        await using var command = Command(db, """
            UPDATE leases l SET state = 'Accepted', lease_until = GREATEST(l.lease_until, clock_timestamp() + @leaseFor)
            FROM (SELECT attempt_id FROM leases WHERE attempt_id = ANY(@attempts) AND worker = @worker AND worker_epoch = @epoch ORDER BY attempt_id FOR UPDATE) held
            WHERE l.attempt_id = held.attempt_id RETURNING l.attempt_id
            """);
        Add(command, "leaseFor", leaseFor);
        Add(command, "worker", worker);
        Add(command, "epoch", epoch);
        AddSet(command, "attempts", attempts);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return [.. await ReadAsync(reader, row => row.GetGuid(0), cancellationToken)];
    }

    public override async Task<int> ExtendAsync(FarmDb db, TimeSpan time, CancellationToken cancellationToken)
    {
        await using var command = Command(db, """
            UPDATE leases l SET accept_by = GREATEST(l.accept_by, clock_timestamp() + @time),
                                lease_until = CASE WHEN l.lease_until IS NOT NULL THEN GREATEST(l.lease_until, clock_timestamp() + @time) END
            FROM (SELECT attempt_id FROM leases ORDER BY attempt_id FOR UPDATE) held
            WHERE l.attempt_id = held.attempt_id
            """);
        AddTime(command, "time", time);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public override async Task WriteAsync(FarmDb db, LedgerChanges changes, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch((NpgsqlConnection)db.Database.GetDbConnection(), (NpgsqlTransaction)db.Database.CurrentTransaction!.GetDbTransaction());
        var checks = new List<(string What, NpgsqlBatchCommand Command, int Rows)>();
        foreach (var (what, sql, rows, arrays) in PostgresLedgerWrites.Of(changes, leaseFor))
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var array in arrays)
            {
                command.Parameters.Add(new NpgsqlParameter { Value = array });
            }

            batch.BatchCommands.Add(command);
            if (rows is { } expected)
            {
                checks.Add((what, command, expected));
            }
        }

        if (batch.BatchCommands.Count > 0)
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
            checks.ForEach(check => RequireAll(check.What, check.Rows, (int)check.Command.RecordsAffected));
        }
    }

    // The planner takes a range of unknown bounds for a large part of the table; this way it has to look up each.
    protected override string ForEach(string table, string condition) => $"CROSS JOIN LATERAL (SELECT * FROM {table} WHERE {condition} OFFSET 0) {table.Split(' ')[1]}";

    protected override string In(string parameter) => $"= ANY(@{parameter})";

    protected override DateTimeOffset Moment(DbDataReader row, int column) => row.GetFieldValue<DateTimeOffset>(column);

    protected override void AddTime(DbCommand command, string name, TimeSpan time) => Add(command, name, time);

    protected override void AddSet<T>(DbCommand command, string name, IEnumerable<T> values) => Add(command, name, values.ToArray());
}
