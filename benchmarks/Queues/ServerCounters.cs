using Npgsql;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>What a database server and a broker have counted up to now.</summary>
internal sealed record ServerCounters(long Commits, long Statements, long WalBytes, long Messages)
{
    // PostgreSQL sums up its sessions' counts once a second, the broker's management every five.
    private static readonly TimeSpan DatabaseSettles = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BrokerSettles = TimeSpan.FromSeconds(11);

    /// <summary>Reads them once they stand still; write-ahead log is the whole server's, so nothing else may use it.</summary>
    public static async Task<ServerCounters> ReadAsync(string database, TestRabbitMq? broker, CancellationToken cancellationToken)
    {
        await Task.Delay(broker is null ? DatabaseSettles : BrokerSettles, cancellationToken);
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        try
        {
            await using var extension = new NpgsqlCommand("CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT 1 FROM pg_stat_statements LIMIT 1", connection);
            await extension.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException problem)
        {
            throw new InvalidOperationException(
                "Statements are counted by pg_stat_statements: set the server up with SERVICES_POSTGRES_CONF='shared_preload_libraries=pg_stat_statements' (eng/services).", problem);
        }

        await using var command = new NpgsqlCommand(
            """
            SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
                   (SELECT coalesce(sum(calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()),
                   (SELECT wal_bytes::bigint FROM pg_stat_wal)
            """, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new ServerCounters(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), broker is null ? 0 : await broker.PublishedAsync(cancellationToken));
    }

    public static ServerCounters operator -(ServerCounters after, ServerCounters before) => new(
        after.Commits - before.Commits, after.Statements - before.Statements, after.WalBytes - before.WalBytes, after.Messages - before.Messages);
}
