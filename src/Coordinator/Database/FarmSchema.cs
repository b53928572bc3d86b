using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>Brings a database to this program's schema, or refuses one that has another.</summary>
public static class FarmSchema
{
    /// <summary>Any number that nothing else in the database locks.</summary>
    private const long MigrationLock = 0x52656E646572466D;

    /// <summary>Applies the migrations that are missing, one program at a time; the answer names them.</summary>
    public static async Task<IReadOnlyList<string>> ApplyAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        await using var factory = new FarmDbFactory(options, isHurried: false);
        try
        {
            await using var turn = await TakeTurnAsync(options, cancellationToken);
            await using var db = factory.CreateDbContext();
            var applied = await AppliedAsync(db, cancellationToken);
            RefuseNewer(options, db, applied);
            var missing = db.Database.GetMigrations().Except(applied).ToList();
            if (missing.Count > 0)
            {
                if (options.Provider == DatabaseProvider.Sqlite)
                {
                    await ForgetAbandonedLockAsync(db, cancellationToken);
                }

                await db.Database.MigrateAsync(cancellationToken);
            }

            return missing;
        }
        catch (Exception problem) when (FarmDatabaseException.IsUnusable(problem))
        {
            throw FarmDatabaseException.For(options, problem);
        }
    }

    /// <summary>Throws when the database cannot be reached, or its schema is older or newer than this program.</summary>
    public static async Task CheckAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        await using var factory = new FarmDbFactory(options);
        try
        {
            await using var db = factory.CreateDbContext();
            var applied = await AppliedAsync(db, cancellationToken);
            RefuseNewer(options, db, applied);
            if (db.Database.GetMigrations().Except(applied).ToList() is { Count: > 0 } missing)
            {
                throw new FarmDatabaseException(
                    $"The {DatabaseAddress.Describe(options)} is older than this program: it lacks {string.Join(", ", missing)}. Run `renderfarm migrate`.", DatabaseFault.Away);
            }
        }
        catch (Exception problem) when (FarmDatabaseException.IsUnusable(problem))
        {
            throw FarmDatabaseException.For(options, problem);
        }
    }

    private static async Task<IReadOnlyList<string>> AppliedAsync(FarmDb db, CancellationToken cancellationToken)
    {
        await db.Database.OpenConnectionAsync(cancellationToken);
        return [.. await db.Database.GetAppliedMigrationsAsync(cancellationToken)];
    }

    private static void RefuseNewer(DatabaseOptions options, FarmDb db, IReadOnlyList<string> applied)
    {
        if (applied.Except(db.Database.GetMigrations()).ToList() is { Count: > 0 } unknown)
        {
            throw new FarmDatabaseException(
                $"The {DatabaseAddress.Describe(options)} is newer than this program, which does not know {string.Join(", ", unknown)}. Start the newer program, or use another database.", DatabaseFault.Refused);
        }
    }

    /// <summary>A lock that the operating system or the server gives back when its holder dies.</summary>
    private static async Task<IAsyncDisposable> TakeTurnAsync(DatabaseOptions options, CancellationToken cancellationToken)
    {
        if (options.Provider == DatabaseProvider.Postgres)
        {
            var address = DatabaseAddress.Postgres(options);
            address.Pooling = false;
            var connection = new NpgsqlConnection(address.ConnectionString);
            try
            {
                await connection.OpenAsync(cancellationToken);
                await using var command = new NpgsqlCommand("SELECT pg_advisory_lock($1)", connection) { CommandTimeout = 0, Parameters = { new() { Value = MigrationLock } } };
                await command.ExecuteNonQueryAsync(cancellationToken);
                return connection;
            }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
        }

        var file = Path.GetFullPath(DatabaseAddress.Sqlite(options).DataSource);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return await FileTurn.TakeAsync(file + ".migrating", cancellationToken);
    }

    /// <summary>EF's own lock on SQLite is a row that a killed program leaves behind for ever; whoever has the turn may remove it.</summary>
    private static async Task ForgetAbandonedLockAsync(FarmDb db, CancellationToken cancellationToken)
    {
        var table = await db.Database
            .SqlQueryRaw<string>("SELECT name AS \"Value\" FROM sqlite_master WHERE type = 'table' AND name = '__EFMigrationsLock'")
            .ToListAsync(cancellationToken);
        if (table.Count > 0)
        {
            await db.Database.ExecuteSqlRawAsync("DELETE FROM \"__EFMigrationsLock\"", cancellationToken);
        }
    }
}
