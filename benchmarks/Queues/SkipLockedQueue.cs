using System.Diagnostics;
using Npgsql;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>The usual queue in a table: a worker claims one row with FOR UPDATE SKIP LOCKED, and stores its result by another statement.</summary>
internal static class SkipLockedQueue
{
    private const string Schema = """
        DROP TABLE IF EXISTS tasks;
        CREATE TABLE tasks (id bigserial PRIMARY KEY, state smallint NOT NULL DEFAULT 0, payload text NOT NULL, result text, claimed_at timestamptz, done_at timestamptz);
        CREATE INDEX ix_tasks_waiting ON tasks (id) WHERE state = 0;
        """;

    private const string Submit = "INSERT INTO tasks (payload) SELECT 'a pizza on a blue background' FROM generate_series(1, $1)";

    private const string Claim = """
        UPDATE tasks SET state = 1, claimed_at = now()
        WHERE id = (SELECT id FROM tasks WHERE state = 0 ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1) RETURNING id, payload
        """;

    private const string Store = "UPDATE tasks SET state = 2, result = $2, done_at = now() WHERE id = $1 AND state = 1";

    /// <summary>Seconds from the first insert, of <paramref name="jobSize"/> rows at a time, until the result of every task is stored.</summary>
    public static async Task<double> RunAsync(TestPostgres database, int tasks, int jobSize, int workers, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = workers + 2, MaxAutoPrepare = 10 }.ConnectionString);
        await using (var schema = source.CreateCommand(Schema))
        {
            await schema.ExecuteNonQueryAsync(cancellationToken);
        }

        var done = 0;
        var start = Stopwatch.GetTimestamp();
        var submitting = SubmitAsync(source, tasks, jobSize, cancellationToken);
        await Task.WhenAll(Enumerable.Range(0, workers).Select(async _ =>
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            while (Volatile.Read(ref done) < tasks)
            {
                if (await TryOneAsync(connection, cancellationToken))
                {
                    Interlocked.Increment(ref done);
                }
                else
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(1), cancellationToken);
                }
            }
        }));
        await submitting;
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task SubmitAsync(NpgsqlDataSource source, int tasks, int jobSize, CancellationToken cancellationToken)
    {
        for (var submitted = 0; submitted < tasks; submitted += jobSize)
        {
            await using var command = source.CreateCommand(Submit);
            command.Parameters.Add(new() { Value = Math.Min(jobSize, tasks - submitted) });
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }

    private static async Task<bool> TryOneAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        long id;
        await using (var claim = new NpgsqlCommand(Claim, connection))
        await using (var reader = await claim.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return false;
            }

            id = reader.GetInt64(0);
        }

        await using var store = new NpgsqlCommand(Store, connection) { Parameters = { new() { Value = id }, new() { Value = "sha256 of the picture" } } };
        await store.ExecuteNonQueryAsync(cancellationToken);
        return true;
    }
}
