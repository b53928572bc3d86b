using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>What a fault of the database means: that it is away, that a connection broke, or that the same again may succeed at once.</summary>
internal static class DatabaseFaults
{
    /// <summary>Whether the database cannot be reached, lets nobody in, has no room, or was not migrated yet, rather than refusing a statement.</summary>
    public static bool IsAway(Exception? fault) => fault switch
    {
        null => false,
        FarmDatabaseException => true,
        PostgresException refused => refused.IsTransient || IsOfClass(refused, "57") || IsOfClass(refused, "53") || IsOfClass(refused, "58") || IsOfClass(refused, "28")
            || refused.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn or PostgresErrorCodes.InvalidCatalogName,
        NpgsqlException => true,
        // Busy, locked, read-only, I/O error, full, cannot open.
        SqliteException { SqliteErrorCode: 5 or 6 or 8 or 10 or 13 or 14 } => true,
        DbException { IsTransient: true } => true,
        _ => IsAway(fault.InnerException),
    };

    /// <summary>Whether it is there, and has no room for more.</summary>
    public static bool IsFull(Exception? fault) => fault switch
    {
        null => false,
        PostgresException { SqlState: PostgresErrorCodes.DiskFull } => true,
        SqliteException { SqliteErrorCode: 13 } => true,
        _ => IsFull(fault.InnerException),
    };

    /// <summary>Whether the connection ended, so that nobody knows whether its last statement took effect.</summary>
    public static bool IsBroken(Exception? fault) => fault switch
    {
        null => false,
        PostgresException ended => ended.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow || IsOfClass(ended, "08"),
        NpgsqlException { InnerException: IOException or SocketException or null } => true,
        _ => IsBroken(fault.InnerException),
    };

    /// <summary>Whether a unit that may be repeated is worth another try at once: its connection broke, or it did not get a lock in time.</summary>
    public static bool IsPassing(Exception? fault) => fault switch
    {
        null => false,
        PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure } => true,
        PostgresException or NpgsqlException => IsBroken(fault),
        _ => IsPassing(fault.InnerException),
    };

    private static bool IsOfClass(PostgresException fault, string sqlClass) => fault.SqlState.StartsWith(sqlClass, StringComparison.Ordinal);
}
