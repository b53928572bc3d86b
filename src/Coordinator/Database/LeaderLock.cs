using Microsoft.Extensions.Options;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>Held by one coordinator of a farm at a time: a session advisory lock of PostgreSQL. On SQLite there is one coordinator, which always holds it.</summary>
internal sealed partial class LeaderLock(IOptions<DatabaseOptions> options, ILogger<LeaderLock> logger) : IAsyncDisposable
{
    // "RFLEADER" as ASCII.
    private const long Key = 0x52464C4541444552;

    private NpgsqlConnection? _session;

    /// <summary>Whether this process leads now. Takes the lock if it is free; checks that the session that holds it still lives.</summary>
    public async Task<bool> HoldAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Provider == DatabaseProvider.Sqlite)
        {
            return true;
        }

        try
        {
            if (_session is not null)
            {
                await using var alive = new NpgsqlCommand("SELECT 1", _session);
                await alive.ExecuteScalarAsync(cancellationToken);
                return true;
            }

            return await TakeAsync(cancellationToken);
        }
        catch (Exception ex) when (ex is NpgsqlException or InvalidOperationException)
        {
            if (_session is not null)
            {
                LogLost(ex.Message);
            }

            await DisposeAsync();
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_session is not null)
        {
            await _session.DisposeAsync();
            _session = null;
        }
    }

    private async Task<bool> TakeAsync(CancellationToken cancellationToken)
    {
        var session = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(options.Value.ConnectionString) { Pooling = false, KeepAlive = 5 }.ConnectionString);
        try
        {
            await session.OpenAsync(cancellationToken);
            await using var take = new NpgsqlCommand("SELECT pg_try_advisory_lock(@key)", session);
            take.Parameters.AddWithValue("key", Key);
            if (await take.ExecuteScalarAsync(cancellationToken) is true)
            {
                (_session, session) = (session, null!);
                LogLeads();
                return true;
            }

            return false;
        }
        finally
        {
            if (session is not null)
            {
                await session.DisposeAsync();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This coordinator leads: it places work on workers")]
    private partial void LogLeads();

    [LoggerMessage(Level = LogLevel.Warning, Message = "This coordinator no longer leads: {Reason}")]
    private partial void LogLost(string reason);
}
