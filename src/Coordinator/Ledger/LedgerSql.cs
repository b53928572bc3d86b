using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>The ledger's statements. What both databases say alike is here; sets, locks, clocks and bulk writes are each database's own.</summary>
internal abstract partial class LedgerSql
{
    /// <summary>Whether only one transaction can write at a time, so that others better queue outside.</summary>
    public abstract bool HasOneWriter { get; }

    /// <summary>Name of the unique index over a tenant's idempotency keys is violated.</summary>
    public abstract bool IsDuplicateKey(DbUpdateException problem);

    /// <summary>Render time by model of the jobs that ended last, over their frames' work.</summary>
    public static string Paces => $"""
        SELECT model_digest, CAST(SUM(render_milliseconds) AS double precision) / SUM(rendered * work)
        FROM (SELECT j.model_digest, j.render_milliseconds, j.rendered, {Work} AS work FROM jobs j WHERE j.finished_at IS NOT NULL ORDER BY j.finished_at DESC LIMIT @limit) recent
        WHERE rendered > 0 GROUP BY model_digest
        """;

    /// <summary>Leases past their deadline, the longest overdue first.</summary>
    protected string Overdue => $"SELECT attempt_id, job_id FROM leases WHERE COALESCE(lease_until, accept_by) <= {Clock} ORDER BY COALESCE(lease_until, accept_by) LIMIT @limit";

    /// <summary>Steps times pixels of a frame of job j; settings that say nothing must not hold up the queue.</summary>
    private static string Work =>
        "COALESCE(CAST(j.settings ->> 'steps' AS double precision) * CAST(j.settings ->> 'width' AS integer) * CAST(j.settings ->> 'height' AS integer) * j.best_of, 1)";

    /// <summary>Moment of the database's clock.</summary>
    protected abstract string Clock { get; }

    /// <summary>Appended to a SELECT whose rows the transaction will change.</summary>
    protected abstract string Lock { get; }

    /// <summary>Joins r with the rows of a table that belong to each of its rows, by the table's index however many rows there are in all.</summary>
    protected abstract string ForEach(string table, string condition);

    /// <summary>Joins the ranges r with the spans in and beside them.</summary>
    private string SpansBeside => ForEach(
        "spans s",
        """
        s.job_id = r.job_id AND s."first" <= r."first" + r."count"
        AND s."first" >= COALESCE((SELECT MAX(p."first") FROM spans p WHERE p.job_id = r.job_id AND p."first" <= r."first"), r."first")
        """);

    /// <summary>Condition that a column is in the set of a parameter.</summary>
    protected abstract string In(string parameter);

    /// <summary>Locks jobs in the order of their ids, so that two transactions never wait for each other.</summary>
    public abstract Task<List<Job>> LockJobsAsync(FarmDb db, IReadOnlyCollection<Guid> ids, CancellationToken cancellationToken);

    /// <summary>Renews what many workers hold; a lease that was renewed a moment ago is left as it is. The answer holds those that live.</summary>
    public abstract Task<HashSet<Guid>> RenewAsync(FarmDb db, IReadOnlyList<HeldLeases> held, TimeSpan leaseFor, CancellationToken cancellationToken);

    /// <summary>Starts offered leases, and leaves accepted ones as they are; the answer holds those that live.</summary>
    public abstract Task<HashSet<Guid>> AcceptAsync(FarmDb db, IReadOnlyList<LeaseAccepted> accepted, TimeSpan leaseFor, CancellationToken cancellationToken);

    /// <summary>Renews what a worker holds; an accept that was lost on the way is made up for. The answer holds those that live.</summary>
    public abstract Task<HashSet<Guid>> RenewAsync(FarmDb db, string worker, long epoch, IReadOnlyList<Guid> attempts, TimeSpan leaseFor, CancellationToken cancellationToken);

    /// <summary>Gives every lease at least this long from now; the answer is how many there are.</summary>
    public abstract Task<int> ExtendAsync(FarmDb db, TimeSpan time, CancellationToken cancellationToken);

    /// <summary>Writes all changes of a transaction, and checks that every row to change was there.</summary>
    public abstract Task WriteAsync(FarmDb db, LedgerChanges changes, TimeSpan leaseFor, CancellationToken cancellationToken);

    public async Task<DateTimeOffset> ReadClockAsync(FarmDb db, CancellationToken cancellationToken)
    {
        await using var command = Command(db, $"SELECT {Clock}");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return Moment(reader, 0);
    }

    /// <summary>Milliseconds for a unit of work, by the digest of the model, over the jobs that ended last.</summary>
    public static async Task<Dictionary<string, double>> PacesAsync(FarmDb db, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(db, Paces);
        Add(command, "limit", limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return (await ReadAsync(reader, row => (Digest: row.GetString(0), Pace: row.GetDouble(1)), cancellationToken)).ToDictionary(x => x.Digest, x => x.Pace);
    }

    /// <summary>Spans that start at one of these frames.</summary>
    public async Task<LedgerRows> ReadHeadsAsync(FarmDb db, List<Job> jobs, IReadOnlyCollection<long> firsts, CancellationToken cancellationToken)
    {
        await using var command = Command(db, $"SELECT {Clock}; SELECT {SpanColumns} FROM spans s WHERE s.job_id {In("jobs")} AND s.\"first\" {In("firsts")};");
        AddSet(command, "jobs", jobs.Select(job => job.Id));
        AddSet(command, "firsts", firsts);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var now = (await ReadAsync(reader, row => Moment(row, 0), cancellationToken))[0];
        await reader.NextResultAsync(cancellationToken);
        return new LedgerRows(now, jobs, await ReadAsync(reader, Span, cancellationToken), [], [], []);
    }

    /// <summary>All that concerns these attempts of locked jobs: their leases (locked) or history, the settled frames of their ranges, the spans in and beside them.</summary>
    public async Task<LedgerRows> ReadAttemptsAsync(FarmDb db, List<Job> jobs, IReadOnlyCollection<Guid> attempts, CancellationToken cancellationToken)
    {
        // IS TRUE keeps the planner from reading all attempts of a job by its index.
        var these = $"attempt_id {In("attempts")} AND (job_id {In("jobs")}) IS TRUE";
        var ranges = $"(SELECT job_id, \"first\", \"count\" FROM leases WHERE {these} UNION SELECT job_id, \"first\", \"count\" FROM attempts WHERE {these}) r";
        await using var command = Command(db, $"""
            SELECT {LeaseColumns} FROM leases WHERE {these} ORDER BY attempt_id {Lock};
            SELECT {Clock};
            SELECT {AttemptColumns} FROM attempts WHERE {these};
            SELECT DISTINCT f.job_id, f."index", f.attempt_id, f.state
            FROM {ranges} {ForEach("frames f", "f.job_id = r.job_id AND f.\"index\" >= r.\"first\" AND f.\"index\" < r.\"first\" + r.\"count\"")};
            SELECT DISTINCT {SpanColumns} FROM {ranges} {SpansBeside};
            """);
        AddSet(command, "attempts", attempts);
        AddSet(command, "jobs", jobs.Select(job => job.Id));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var leases = await ReadAsync(reader, Lease, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var now = (await ReadAsync(reader, row => Moment(row, 0), cancellationToken))[0];
        await reader.NextResultAsync(cancellationToken);
        var history = await ReadAsync(reader, Attempt, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var settled = await ReadAsync(reader, SettledFrame, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return new LedgerRows(now, jobs, await ReadAsync(reader, Span, cancellationToken), leases, history, settled);
    }

    /// <summary>The quarantined frames of locked jobs, all or those that are so for at least this long, and the spans beside them.</summary>
    public async Task<LedgerRows> ReadQuarantineAsync(FarmDb db, List<Job> jobs, TimeSpan? since, CancellationToken cancellationToken)
    {
        // Not "for at least zero": the clock may have been set back.
        var these = $"frames f WHERE f.job_id {In("jobs")} AND f.state = 'Quarantined'{(since is null ? "" : $" AND f.committed_at <= {Clock} - @since")}";
        await using var command = Command(db, $"""
            SELECT {Clock};
            SELECT f.job_id, f."index", f.attempt_id, f.state FROM {these};
            SELECT DISTINCT {SpanColumns} FROM (SELECT f.job_id, f."index" AS "first", 1 AS "count" FROM {these}) r {SpansBeside};
            """);
        AddSet(command, "jobs", jobs.Select(job => job.Id));
        if (since is { } time)
        {
            AddTime(command, "since", time);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var now = (await ReadAsync(reader, row => Moment(row, 0), cancellationToken))[0];
        await reader.NextResultAsync(cancellationToken);
        var frames = await ReadAsync(reader, SettledFrame, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        return new LedgerRows(now, jobs, await ReadAsync(reader, Span, cancellationToken), [], [], frames);
    }

    /// <summary>Jobs with frames that are quarantined for this long.</summary>
    public async Task<List<Guid>> OverdueQuarantineAsync(FarmDb db, TimeSpan since, int limit, CancellationToken cancellationToken)
    {
        await using var command = Command(db, $"SELECT DISTINCT job_id FROM frames WHERE state = 'Quarantined' AND committed_at <= {Clock} - @since LIMIT @limit");
        AddTime(command, "since", since);
        Add(command, "limit", limit);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await ReadAsync(reader, row => row.GetGuid(0), cancellationToken);
    }

    /// <summary>Attempts and jobs of leases past their deadline.</summary>
    public Task<List<(Guid Attempt, Guid Job)>> OverdueAsync(FarmDb db, int limit, CancellationToken cancellationToken) =>
        PairsAsync(db, Overdue, command => Add(command, "limit", limit), cancellationToken);

    /// <summary>Attempts and jobs of the leases that a worker holds, up to an epoch.</summary>
    public static Task<List<(Guid Attempt, Guid Job)>> HeldAsync(FarmDb db, string worker, long throughEpoch, CancellationToken cancellationToken) =>
        PairsAsync(
            db,
            "SELECT attempt_id, job_id FROM leases WHERE worker = @worker AND worker_epoch <= @epoch",
            command =>
            {
                Add(command, "worker", worker);
                Add(command, "epoch", throughEpoch);
            },
            cancellationToken);

    /// <summary>Attempts of a job's leases.</summary>
    public static Task<List<(Guid Attempt, Guid Job)>> LeasedAsync(FarmDb db, Guid jobId, CancellationToken cancellationToken) =>
        PairsAsync(db, "SELECT attempt_id, job_id FROM leases WHERE job_id = @job", command => Add(command, "job", jobId), cancellationToken);

    protected abstract void AddTime(DbCommand command, string name, TimeSpan time);

    protected abstract void AddSet<T>(DbCommand command, string name, IEnumerable<T> values);

    protected static DbCommand Command(FarmDb db, string sql)
    {
        var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = sql;
        command.Transaction = db.Database.CurrentTransaction?.GetDbTransaction();
        return command;
    }

    protected static void Add(DbCommand command, string name, object value)
    {
        var parameter = command.CreateParameter();
        parameter.ParameterName = name;
        parameter.Value = value;
        command.Parameters.Add(parameter);
    }

    protected static void RequireAll(string what, int expected, int actual)
    {
        if (expected != actual)
        {
            throw new InvalidOperationException($"{what}: {actual} of {expected} rows were there. Something outside the ledger has changed them; run the audit.");
        }
    }

    private static async Task<List<(Guid Attempt, Guid Job)>> PairsAsync(FarmDb db, string sql, Action<DbCommand> parameters, CancellationToken cancellationToken)
    {
        await using var command = Command(db, sql);
        parameters(command);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await ReadAsync(reader, row => (row.GetGuid(0), row.GetGuid(1)), cancellationToken);
    }
}
