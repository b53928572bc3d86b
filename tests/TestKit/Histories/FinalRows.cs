using Npgsql;
using RenderFarm.Shared;

namespace RenderFarm.TestKit.Histories;

/// <summary>A job as the database has it in the end.</summary>
public sealed record FinalJob(Guid Id, JobState State, long FrameCount, long Version);

/// <summary>A settled frame as the database has it in the end.</summary>
public sealed record FinalFrame(Guid Job, long Index, FrameState State, Guid Attempt, string? ArtifactKey = null);

/// <summary>What a farm's database says became of everything.</summary>
public sealed record FinalRows(IReadOnlyList<FinalJob> Jobs, IReadOnlyList<FinalFrame> Frames)
{
    /// <summary>Reads them.</summary>
    public static async Task<FinalRows> ReadAsync(string connectionString, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(cancellationToken);
        return new FinalRows(
            await ReadAsync(
                connection,
                "SELECT id, state, frame_count, version FROM jobs",
                row => new FinalJob(row.GetGuid(0), Enum.Parse<JobState>(row.GetString(1)), row.GetInt64(2), row.GetInt64(3)),
                cancellationToken),
            await ReadAsync(
                connection,
                "SELECT job_id, index, state, attempt_id, artifact_key FROM frames",
                row => new FinalFrame(row.GetGuid(0), row.GetInt64(1), Enum.Parse<FrameState>(row.GetString(2)), row.GetGuid(3), row.IsDBNull(4) ? null : row.GetString(4)),
                cancellationToken));
    }

    private static async Task<List<T>> ReadAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        return rows;
    }
}
