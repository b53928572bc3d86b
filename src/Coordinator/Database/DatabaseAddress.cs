using Microsoft.Data.Sqlite;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>Reads connection strings, and names a database in messages without its password.</summary>
internal static class DatabaseAddress
{
    private const int ConnectSeconds = 5;
    // The server gives up a statement before that and says so.
    private const int AnswerSeconds = 8;
    private const int CancelMilliseconds = 500;
    private const int KeepAliveSeconds = 10;

    public static NpgsqlConnectionStringBuilder Postgres(DatabaseOptions options)
    {
        var address = Parse(options, text => new NpgsqlConnectionStringBuilder(text));
        address.ApplicationName ??= "renderfarm";
        address.Enlist = false;
        // Nothing sets anything for a pooled session that would have to be undone; each return to the pool would cost a statement.
        address.NoResetOnClose = true;
        return address;
    }

    /// <summary>With limits in time for all that a coordinator asks: a dead connection, a hung server and a lock that is not given are noticed in seconds. What the connection string sets itself stays.</summary>
    public static NpgsqlConnectionStringBuilder Hurried(DatabaseOptions options)
    {
        var (address, usual) = (Postgres(options), new NpgsqlConnectionStringBuilder());
        address.Timeout = address.Timeout == usual.Timeout ? ConnectSeconds : address.Timeout;
        address.CommandTimeout = address.CommandTimeout == usual.CommandTimeout ? AnswerSeconds : address.CommandTimeout;
        address.CancellationTimeout = address.CancellationTimeout == usual.CancellationTimeout ? CancelMilliseconds : address.CancellationTimeout;
        address.KeepAlive = address.KeepAlive == usual.KeepAlive ? KeepAliveSeconds : address.KeepAlive;
        address.Options = $"-c statement_timeout=5s -c lock_timeout=500ms -c idle_in_transaction_session_timeout=30s {address.Options}".TrimEnd();
        return address;
    }

    public static SqliteConnectionStringBuilder Sqlite(DatabaseOptions options)
    {
        var address = Parse(options, text => new SqliteConnectionStringBuilder(text));
        address.ForeignKeys = true;
        return address;
    }

    /// <summary>For messages: kind, place and name.</summary>
    public static string Describe(DatabaseOptions options)
    {
        if (options.Provider == DatabaseProvider.Sqlite)
        {
            return $"SQLite file '{Path.GetFullPath(Sqlite(options).DataSource)}'";
        }

        var address = Postgres(options);
        return $"PostgreSQL database '{address.Database ?? address.Username}' at {address.Host ?? "(no Host)"}:{address.Port}";
    }

    private static T Parse<T>(DatabaseOptions options, Func<string, T> parse)
    {
        try
        {
            return parse(options.ConnectionString);
        }
        catch (Exception problem) when (problem is ArgumentException or FormatException or InvalidCastException)
        {
            throw new FarmDatabaseException($"Database:ConnectionString is not one for Database:Provider {options.Provider}: {problem.Message}", DatabaseFault.Refused, problem);
        }
    }
}
