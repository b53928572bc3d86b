using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>
/// A session of PostgreSQL that asks for the leader's lock and keeps it. Whoever hangs or is cut off says nothing more, and the server ends the session;
/// whoever cannot hear the server finds out as fast.
/// </summary>
internal sealed class LeaderSession : IAsyncDisposable
{
    // "RFLEADER" as ASCII.
    private const long Key = 0x52464C4541444552;

    private const int AnswerWithinSeconds = 3;
    private static readonly TimeSpan SilentAtMost = TimeSpan.FromSeconds(6);

    private const string Take = """
        WITH before AS (SELECT since FROM leadership WHERE id = 1)
        INSERT INTO leadership (id, epoch, holder, since) VALUES (1, 1, $1, clock_timestamp())
        ON CONFLICT (id) DO UPDATE SET epoch = leadership.epoch + 1, holder = EXCLUDED.holder, since = EXCLUDED.since
        RETURNING epoch, since - COALESCE((SELECT since FROM before), since)
        """;

    private const string Touch = """
        WITH before AS (SELECT since FROM leadership WHERE id = 1)
        UPDATE leadership SET since = clock_timestamp() WHERE id = 1 AND epoch = $1
        RETURNING epoch, since - (SELECT since FROM before)
        """;

    private readonly NpgsqlConnection _connection;

    private LeaderSession(NpgsqlConnection connection) => _connection = connection;

    /// <summary>Number of this leadership; null while another leads.</summary>
    public long? Epoch { get; private set; }

    /// <summary>Connects; the lock is not asked for yet.</summary>
    public static async Task<LeaderSession> OpenAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        var address = DatabaseAddress.Postgres(options);
        (address.Pooling, address.Timeout, address.CommandTimeout, address.CancellationTimeout) = (false, AnswerWithinSeconds, AnswerWithinSeconds, -1);
        // A leadership that a crash of the server forgets is taken anew.
        address.Options = $"{address.Options} -c idle_session_timeout={SilentAtMost.TotalMilliseconds:F0} -c synchronous_commit=off";
        var connection = new NpgsqlConnection(address.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return new LeaderSession(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Takes the lock if it is free, or says that its holder lives; the answer is how long nobody had said so, null when this session does not lead.</summary>
    public async Task<TimeSpan?> AskAsync(string holder, CancellationToken cancellationToken)
    {
        if (Epoch is { } epoch)
        {
            return await LeadAsync(Touch, epoch, cancellationToken);
        }

        await using var take = new NpgsqlCommand("SELECT pg_try_advisory_lock($1)", _connection) { Parameters = { new() { Value = Key } } };
        return await take.ExecuteScalarAsync(cancellationToken) is true ? await LeadAsync(Take, holder, cancellationToken) : null;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<TimeSpan?> LeadAsync(string sql, object parameter, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, _connection) { Parameters = { new() { Value = parameter } } };
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
        {
            throw new FarmDatabaseException("The row of the leadership names another leader.", DatabaseFault.Away);
        }

        Epoch = row.GetInt64(0);
        return row.GetTimeSpan(1);
    }
}
