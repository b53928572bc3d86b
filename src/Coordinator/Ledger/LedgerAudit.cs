using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>A row of the audit: something that must hold and does not.</summary>
/// <param name="Invariant">Which of I1 to I16 is broken.</param>
/// <param name="JobId">The job concerned; null for rules on workers and on the database.</param>
/// <param name="Subject">The worker, attempt, object or setting concerned.</param>
/// <param name="Rule">What is broken.</param>
/// <param name="First">First frame concerned, for rules on ranges.</param>
/// <param name="Count">Frames concerned, for rules on ranges.</param>
/// <param name="Expected">By the rows, for rules on counters.</param>
/// <param name="Actual">In the row, for rules on counters.</param>
internal sealed record LedgerViolation(string Invariant, Guid? JobId, string? Subject, string Rule, long? First = null, long? Count = null, long? Expected = null, long? Actual = null);

/// <summary>The one query that says whether the ledger is whole, on one snapshot that keeps nobody waiting.</summary>
internal static class LedgerAudit
{
    private const string PostgresMoments = "WITH moments AS (SELECT now() - interval '60 s' AS minute_ago, now() - interval '15 s' AS lately),";
    private const string SqliteMoments =
        "WITH moments AS (SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) - 60000 AS minute_ago, CAST(unixepoch('subsec') * 1000 AS INTEGER) - 15000 AS lately),";

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);
    private static readonly string OnPostgres = Read();
    private static readonly string OnSqlite = OnPostgres.Replace(PostgresMoments, SqliteMoments, StringComparison.Ordinal);

    /// <summary>Everything that must hold and does not, of one job or of all.</summary>
    public static async Task<List<LedgerViolation>> RunAsync(FarmDb db, Guid? jobId, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        var connection = db.Database.GetDbConnection();
        var isSqlite = connection is SqliteConnection;
        await using var snapshot = connection is SqliteConnection file
            ? file.BeginTransaction(deferred: true)
            : await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        if (!isSqlite)
        {
            // A farm's statements have to be quick; this one reads everything.
            await using var settings = Command(snapshot, $"SET TRANSACTION READ ONLY; SET LOCAL statement_timeout = {(long)Longest.TotalMilliseconds}");
            await settings.ExecuteNonQueryAsync(cancellationToken);
        }

        var violations = jobId is null ? await DurabilityAsync(snapshot, isSqlite, cancellationToken) : [];
        var sql = isSqlite ? OnSqlite : OnPostgres;
        await using var command = Command(snapshot, jobId is null ? sql : $"SELECT * FROM (\n{sql}\n) v WHERE v.job_id = @job");
        if (jobId is { } job)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("job", job);
            command.Parameters.Add(parameter);
        }

        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            violations.Add(Violation(reader));
        }

        return violations;
    }

    /// <summary>I1: what was answered is on the disk.</summary>
    private static async Task<List<LedgerViolation>> DurabilityAsync(DbTransaction snapshot, bool isSqlite, CancellationToken cancellationToken)
    {
        await using var command = Command(snapshot, isSqlite
            ? "SELECT 'synchronous', CASE WHEN synchronous >= 2 THEN 'on' ELSE 'off' END FROM pragma_synchronous"
            : "SELECT name, setting FROM pg_settings WHERE name IN ('synchronous_commit', 'fsync', 'full_page_writes')");
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var violations = new List<LedgerViolation>();
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetString(1) is not ("on" or "remote_apply"))
            {
                violations.Add(new LedgerViolation("I1", null, reader.GetString(0), $"durability: a setting of the database is '{reader.GetString(1)}', so that a crash can lose what was answered"));
            }
        }

        return violations;
    }

    private static LedgerViolation Violation(DbDataReader row) => new(
        row.GetString(0), row.IsDBNull(1) ? null : row.GetGuid(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3), Long(row, 4), Long(row, 5), Long(row, 6), Long(row, 7));

    private static long? Long(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt64(column);

    private static DbCommand Command(DbTransaction snapshot, string sql)
    {
        var command = snapshot.Connection!.CreateCommand();
        (command.Transaction, command.CommandText, command.CommandTimeout) = (snapshot, sql, (int)Longest.TotalSeconds);
        return command;
    }

    private static string Read()
    {
        using var reader = new StreamReader(typeof(LedgerAudit).Assembly.GetManifestResourceStream("LedgerAudit.sql")!);
        var sql = reader.ReadToEnd();
        return sql.Contains(PostgresMoments, StringComparison.Ordinal) ? sql : throw new InvalidOperationException("LedgerAudit.sql does not begin with its moments.");
    }
}
