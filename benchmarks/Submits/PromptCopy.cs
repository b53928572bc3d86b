using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace RenderFarm.Benchmarks.Submits;

/// <summary>The fastest way to get prompts into PostgreSQL: one binary COPY into a table without an index, committed.</summary>
internal sealed class PromptCopy : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly Guid _job = Guid.NewGuid();

    private PromptCopy(NpgsqlConnection connection) => _connection = connection;

    public static async Task<PromptCopy> StartAsync(string database, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("CREATE TABLE IF NOT EXISTS copied_prompts (job_id uuid NOT NULL, number integer NOT NULL, prompt text NOT NULL)", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new PromptCopy(connection);
    }

    /// <summary>Milliseconds until the prompts are committed.</summary>
    public async Task<double> RunAsync(IReadOnlyList<string> prompts, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        await using (var writer = await _connection.BeginBinaryImportAsync("COPY copied_prompts FROM STDIN (FORMAT BINARY)", cancellationToken))
        {
            foreach (var (number, prompt) in prompts.Index())
            {
                await writer.StartRowAsync(cancellationToken);
                await writer.WriteAsync(_job, NpgsqlDbType.Uuid, cancellationToken);
                await writer.WriteAsync(number, NpgsqlDbType.Integer, cancellationToken);
                await writer.WriteAsync(prompt, NpgsqlDbType.Text, cancellationToken);
            }

            await writer.CompleteAsync(cancellationToken);
        }

        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var command = new NpgsqlCommand("DROP TABLE copied_prompts", _connection))
        {
            await command.ExecuteNonQueryAsync();
        }

        await _connection.DisposeAsync();
    }
}
