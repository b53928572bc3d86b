using Microsoft.Data.Sqlite;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>Reads connection strings, and names a database in messages without its password.</summary>
internal static class DatabaseAddress
{
    public static NpgsqlConnectionStringBuilder Postgres(DatabaseOptions options)
    {
        var address = Parse(options, text => new NpgsqlConnectionStringBuilder(text));
        address.ApplicationName ??= "renderfarm";
        address.Enlist = false;
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
            throw new FarmDatabaseException($"Database:ConnectionString is not one for Database:Provider {options.Provider}: {problem.Message}", problem);
        }
    }
}
