using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>The ledger on SQLite: sets are JSON arrays, and rows are written one by one, which costs no round trip. BEGIN IMMEDIATE is the lock.</summary>
internal sealed class SqliteLedgerSql : LedgerSql
{
    private const int UniqueViolation = 2067;

    public override bool HasOneWriter => true;

    protected override string Clock => "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

    protected override string Lock => "";

    public override bool IsDuplicateKey(DbUpdateException problem) =>
        problem.InnerException is SqliteException { SqliteExtendedErrorCode: UniqueViolation } duplicate && duplicate.Message.Contains("jobs.idempotency_key", StringComparison.Ordinal);

    public override Task<List<Job>> LockJobsAsync(FarmDb db, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken) =>
        db.Jobs.FromSql($"SELECT * FROM jobs WHERE id IN (SELECT value FROM json_each({Json(ids)})) ORDER BY id").AsNoTracking().ToListAsync(cancellationToken);

    public override async Task<HashSet<Guid>> RenewAsync(FarmDb db, IReadOnlyList<HeldLeases> held, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        var live = new HashSet<Guid>();
        foreach (var worker in held)
        {
            live.UnionWith(await RenewAsync(db, worker.Worker, worker.Epoch, worker.Attempts, leaseFor, cancellationToken));
        }

        return live;
    }

    public override async Task<HashSet<Guid>> AcceptAsync(FarmDb db, IReadOnlyList<LeaseAccepted> accepted, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        var live = new HashSet<Guid>();
        await using var command = Command(db, $"UPDATE leases SET state = 'Accepted', lease_until = COALESCE(lease_until, {Clock} + @leaseFor) WHERE attempt_id = @attempt AND fence = @fence");
        foreach (var lease in accepted)
        {
            command.Parameters.Clear();
            Add(command, "leaseFor", Milliseconds(leaseFor));
            Add(command, "attempt", lease.AttemptId);
            Add(command, "fence", lease.Fence);
            if (await command.ExecuteNonQueryAsync(cancellationToken) == 1)
            {
                live.Add(lease.AttemptId);
            }
        }

        return live;
    }

    public override async Task<HashSet<Guid>> RenewAsync(
        FarmDb db, string worker, long epoch, IReadOnlyList<Guid> attempts, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        await using var command = Command(db, $"""
            UPDATE leases SET state = 'Accepted', lease_until = MAX(COALESCE(lease_until, 0), {Clock} + @leaseFor)
            WHERE attempt_id {In("attempts")} AND worker = @worker AND worker_epoch = @epoch RETURNING attempt_id
            """);
        Add(command, "leaseFor", Milliseconds(leaseFor));
        Add(command, "worker", worker);
        Add(command, "epoch", epoch);
        AddSet(command, "attempts", attempts);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return [.. await ReadAsync(reader, row => row.GetGuid(0), cancellationToken)];
    }

    public override async Task<int> ExtendAsync(FarmDb db, TimeSpan time, CancellationToken cancellationToken)
    {
        await using var command = Command(db, $"UPDATE leases SET accept_by = MAX(accept_by, {Clock} + @time), lease_until = MAX(lease_until, {Clock} + @time)");
        AddTime(command, "time", time);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    public override async Task WriteAsync(FarmDb db, LedgerChanges changes, TimeSpan leaseFor, CancellationToken cancellationToken)
    {
        foreach (var write in SqliteLedgerWrites.Of(changes, leaseFor, Clock))
        {
            await using var command = Command(db, write.Sql);
            foreach (var row in write.Rows)
            {
                command.Parameters.Clear();
                for (var column = 0; column < row.Length; column++)
                {
                    Add(command, $"p{column + 1}", Value(row[column]));
                }

                var changed = await command.ExecuteNonQueryAsync(cancellationToken);
                if (write.MustChange)
                {
                    RequireAll(write.What, 1, changed);
                }
            }
        }
    }

    protected override string ForEach(string table, string condition) => $"JOIN {table} ON {condition}";

    protected override string In(string parameter) => $"IN (SELECT value FROM json_each(@{parameter}))";

    protected override DateTimeOffset Moment(DbDataReader row, int column) => DateTimeOffset.FromUnixTimeMilliseconds(row.GetInt64(column));

    protected override void AddTime(DbCommand command, string name, TimeSpan time) => Add(command, name, Milliseconds(time));

    protected override void AddSet<T>(DbCommand command, string name, IEnumerable<T> values) => Add(command, name, Json(values));

    private static string Json<T>(IEnumerable<T> values) => typeof(T) == typeof(Guid)
        // SQLite compares text by case, and its provider writes a Guid in capitals.
        ? JsonSerializer.Serialize(values.Select(value => value!.ToString()!.ToUpper(CultureInfo.InvariantCulture)))
        : JsonSerializer.Serialize(values);

    private static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static object Value(object? value) => value switch
    {
        null => DBNull.Value,
        DateTimeOffset moment => moment.ToUnixTimeMilliseconds(),
        TimeSpan time => Milliseconds(time),
        Enum name => name.ToString(),
        _ => value,
    };
}
