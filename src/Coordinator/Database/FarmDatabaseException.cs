using Microsoft.Data.Sqlite;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>Whether it helps to wait for a database.</summary>
public enum DatabaseFault
{
    /// <summary>It is not reachable, or not migrated yet: the same may work later.</summary>
    Away,

    /// <summary>It is there and refuses these settings, or this program is too old for it: somebody has to change something.</summary>
    Refused,
}

/// <summary>The database cannot be used; the message names it and says what to do, never the password.</summary>
public sealed class FarmDatabaseException(string message, DatabaseFault fault, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether it helps to wait.</summary>
    public DatabaseFault Fault => fault;

    /// <summary>Whether an exception says that a database could not be opened at all.</summary>
    internal static bool IsUnusable(Exception problem) => problem is NpgsqlException or SqliteException or IOException or UnauthorizedAccessException or TimeoutException;

    /// <summary>Says what is wrong with opening a database, and the way out.</summary>
    internal static FarmDatabaseException For(DatabaseOptions options, Exception problem)
    {
        var database = DatabaseAddress.Describe(options);
        var (says, fix) = problem switch
        {
            PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } => ("does not exist", "create it, or correct Database in Database:ConnectionString"),
            PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
                ("refuses this user", "correct Username and Password in Database:ConnectionString"),
            PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } refused => ($"allows this user too little ({refused.MessageText})", "grant it, or use the owner of the tables"),
            PostgresException refused => ($"answers with an error ({refused.MessageText})", "see the server's log"),
            NpgsqlException or TimeoutException => ($"cannot be reached ({Root(problem)})", "start it, or correct Host and Port in Database:ConnectionString"),
            SqliteException { SqliteErrorCode: 26 } => ("is something else than a SQLite database", "correct Data Source in Database:ConnectionString"),
            SqliteException { SqliteErrorCode: 5 or 6 } => ("is locked by another program", "stop the other program; a file serves one farm only"),
            _ => ($"cannot be opened ({Root(problem)})", "make its folder writable, or correct Data Source in Database:ConnectionString"),
        };
        var isRefused = problem is SqliteException { SqliteErrorCode: 26 } or PostgresException
        {
            SqlState: PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification or PostgresErrorCodes.InsufficientPrivilege,
        };
        return new FarmDatabaseException($"The {database} {says}: {fix}.", isRefused ? DatabaseFault.Refused : DatabaseFault.Away, problem);
    }

    private static string Root(Exception problem) => problem.GetBaseException().Message.TrimEnd('.');
}
