using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Tests.Ledger;

namespace RenderFarm.Coordinator.Tests.Database;

/// <summary>Migrations, on every database alike.</summary>
public abstract class FarmSchemaContract(LedgerDatabase database)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Model_has_no_change_without_a_migration()
    {
        await using var db = database.Factory.CreateDbContext();
        Assert.False(db.Database.HasPendingModelChanges());
    }

    [Fact]
    public async Task Current_database_needs_nothing()
    {
        await FarmSchema.CheckAsync(database.Options, Cancelled);
        Assert.Empty(await FarmSchema.ApplyAsync(database.Options, Cancelled));
    }

    [Fact]
    public async Task Programs_that_migrate_at_once_do_it_once()
    {
        var empty = await EmptyAsync();
        var applied = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => FarmSchema.ApplyAsync(empty, Cancelled))));

        Assert.Single(applied, names => names.Count > 0);
        await FarmSchema.CheckAsync(empty, Cancelled);
    }

    [Fact]
    public async Task Older_database_is_refused_with_the_way_out()
    {
        var problem = await Assert.ThrowsAsync<FarmDatabaseException>(async () => await FarmSchema.CheckAsync(await EmptyAsync(), Cancelled));
        Assert.Contains("is older than this program: it lacks ", problem.Message, StringComparison.Ordinal);
        Assert.EndsWith("_Faults. Run `renderfarm migrate`.", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Newer_database_is_refused_and_left_as_it_is()
    {
        var options = await EmptyAsync();
        await FarmSchema.ApplyAsync(options, Cancelled);
        await using (var factory = new FarmDbFactory(options))
        {
            await using var db = factory.CreateDbContext();
            await db.Database.ExecuteSqlRawAsync("INSERT INTO \"__EFMigrationsHistory\" (migration_id, product_version) VALUES ('29990101000000_Later', '99.0.0')", Cancelled);
        }

        foreach (var call in new Func<Task>[] { () => FarmSchema.CheckAsync(options, Cancelled), () => FarmSchema.ApplyAsync(options, Cancelled) })
        {
            var problem = await Assert.ThrowsAsync<FarmDatabaseException>(call);
            Assert.Contains("is newer than this program, which does not know 29990101000000_Later", problem.Message, StringComparison.Ordinal);
        }
    }

    protected abstract Task<DatabaseOptions> EmptyAsync();
}

public sealed class FarmSchemaOnPostgresTests(PostgresLedgerDatabase database) : FarmSchemaContract(database), IClassFixture<PostgresLedgerDatabase>, IAsyncDisposable
{
    private readonly PostgresLedgerDatabase _empty = new();

    public async ValueTask DisposeAsync() => await _empty.DisposeAsync();

    [Fact]
    public async Task Unreachable_server_is_named_with_the_way_out_and_without_the_password()
    {
        var options = new DatabaseOptions { Provider = DatabaseProvider.Postgres, ConnectionString = "Host=127.0.0.1;Port=1;Database=farm;Username=ada;Password=hush-hush" };

        foreach (var call in new Func<Task>[] { () => FarmSchema.CheckAsync(options, default), () => FarmSchema.ApplyAsync(options, default) })
        {
            var problem = await Assert.ThrowsAsync<FarmDatabaseException>(call);
            Assert.StartsWith("The PostgreSQL database 'farm' at 127.0.0.1:1 cannot be reached (", problem.Message, StringComparison.Ordinal);
            Assert.EndsWith("start it, or correct Host and Port in Database:ConnectionString.", problem.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("hush-hush", problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Missing_database_and_wrong_password_are_told_apart()
    {
        var right = new Npgsql.NpgsqlConnectionStringBuilder((await EmptyAsync()).ConnectionString);
        var missing = new Npgsql.NpgsqlConnectionStringBuilder(right.ConnectionString) { Database = "no_such_farm" };

        var problem = await Assert.ThrowsAsync<FarmDatabaseException>(() => FarmSchema.CheckAsync(Options(missing), TestContext.Current.CancellationToken));
        Assert.Equal(
            $"The PostgreSQL database 'no_such_farm' at {right.Host}:{right.Port} does not exist: create it, or correct Database in Database:ConnectionString.", problem.Message);

        var wrong = new Npgsql.NpgsqlConnectionStringBuilder(right.ConnectionString) { Username = "nobody_here", Password = "hush-hush" };
        var refusal = await Assert.ThrowsAsync<FarmDatabaseException>(() => FarmSchema.CheckAsync(Options(wrong), TestContext.Current.CancellationToken));
        Assert.EndsWith("refuses this user: correct Username and Password in Database:ConnectionString.", refusal.Message, StringComparison.Ordinal);
    }

    protected override Task<DatabaseOptions> EmptyAsync() => _empty.CreateAsync();

    private static DatabaseOptions Options(Npgsql.NpgsqlConnectionStringBuilder address) => new() { Provider = DatabaseProvider.Postgres, ConnectionString = address.ConnectionString };
}

public sealed class FarmSchemaOnSqliteTests(SqliteLedgerDatabase database) : FarmSchemaContract(database), IClassFixture<SqliteLedgerDatabase>, IAsyncDisposable
{
    private readonly SqliteLedgerDatabase _empty = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("renderfarm-schema-");

    public async ValueTask DisposeAsync()
    {
        await _empty.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Folder_of_a_new_file_is_made()
    {
        var options = new DatabaseOptions { ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "new", "farm.db")}" };
        Assert.NotEmpty(await FarmSchema.ApplyAsync(options, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Lock_of_a_killed_migration_does_not_hold_up_the_next_one()
    {
        var options = await EmptyAsync();
        await using (var factory = new FarmDbFactory(options))
        {
            await using var db = factory.CreateDbContext();
            await db.Database.ExecuteSqlRawAsync(
                "CREATE TABLE \"__EFMigrationsLock\" (\"Id\" INTEGER NOT NULL PRIMARY KEY, \"Timestamp\" TEXT NOT NULL); INSERT INTO \"__EFMigrationsLock\" VALUES (1, '2026-01-01')",
                TestContext.Current.CancellationToken);
        }

        Assert.NotEmpty(await FarmSchema.ApplyAsync(options, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task File_that_is_no_database_is_named_with_the_way_out()
    {
        var file = Path.Combine(_folder.FullName, "picture.png");
        await File.WriteAllTextAsync(file, new string('x', 4096), TestContext.Current.CancellationToken);

        var problem = await Assert.ThrowsAsync<FarmDatabaseException>(
            () => FarmSchema.ApplyAsync(new DatabaseOptions { ConnectionString = $"Data Source={file}" }, TestContext.Current.CancellationToken));
        Assert.Equal($"The SQLite file '{file}' is something else than a SQLite database: correct Data Source in Database:ConnectionString.", problem.Message);
    }

    [Fact]
    public async Task Connection_string_of_another_database_is_refused_by_name()
    {
        var options = new DatabaseOptions { Provider = DatabaseProvider.Sqlite, ConnectionString = "Host=127.0.0.1;Database=farm;Password=hush-hush" };

        var problem = await Assert.ThrowsAsync<FarmDatabaseException>(() => FarmSchema.CheckAsync(options, TestContext.Current.CancellationToken));
        Assert.StartsWith("Database:ConnectionString is not one for Database:Provider Sqlite: ", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush-hush", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commits_survive_a_power_cut_and_readers_do_not_wait()
    {
        await using var db = database.Factory.CreateDbContext();
        await db.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Equal("wal", await PragmaAsync<string>(db, "journal_mode"));
        Assert.Equal(2, await PragmaAsync<long>(db, "synchronous"));
        Assert.Equal(1, await PragmaAsync<long>(db, "foreign_keys"));
        Assert.Equal(10_000, await PragmaAsync<long>(db, "busy_timeout"));
    }

    protected override Task<DatabaseOptions> EmptyAsync() => _empty.CreateAsync();

    private static async Task<T> PragmaAsync<T>(FarmDb db, string name)
    {
        await using var command = db.Database.GetDbConnection().CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
