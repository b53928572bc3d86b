using System.Text.RegularExpressions;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Coordinator.Tests.Ledger;

/// <summary>A migrated database of its own for a test class.</summary>
public abstract partial class LedgerDatabase : IAsyncLifetime
{
    private FarmDbFactory? _factory;

    internal DatabaseOptions Options { get; private set; } = new();

    internal IDbContextFactory<FarmDb> Factory => _factory ?? throw new InvalidOperationException("The database is not open yet.");

    internal abstract LedgerSql Sql { get; }

    public async ValueTask InitializeAsync()
    {
        Options = await CreateAsync();
        await FarmSchema.ApplyAsync(Options, TestContext.Current.CancellationToken);
        // What is true does not depend on how long a lock takes on a busy machine.
        _factory = new FarmDbFactory(Options, isHurried: false);
    }

    public async ValueTask DisposeAsync()
    {
        if (_factory is not null)
        {
            await _factory.DisposeAsync();
        }

        await DropAsync();
        GC.SuppressFinalize(this);
    }

    internal FrameLedger Ledger(LedgerOptions options) => new(Factory, Sql, options);

    internal async Task<int> ExecuteAsync(string sql)
    {
        await using var db = Factory.CreateDbContext();
        return await db.Database.ExecuteSqlRawAsync(sql, TestContext.Current.CancellationToken);
    }

    internal async Task<T> QueryAsync<T>(Func<FarmDb, Task<T>> query)
    {
        await using var db = Factory.CreateDbContext();
        return await query(db);
    }

    internal abstract Task<DatabaseOptions> CreateAsync();

    /// <summary>A statement in which <c>{column - 60}</c> is the moment of a column, shifted by so many seconds.</summary>
    internal string Moments(string statement) => Moment().Replace(statement, match => Shifted(match.Groups["column"].Value, match.Groups["sign"].Value, match.Groups["seconds"].Value));

    protected abstract string Shifted(string column, string sign, string seconds);

    protected abstract Task DropAsync();

    [GeneratedRegex(@"\{(?<column>\w+) (?<sign>[-+]) (?<seconds>\d+)\}")]
    private static partial Regex Moment();
}

public sealed class PostgresLedgerDatabase : LedgerDatabase
{
    private TestPostgres? _database;

    internal override LedgerSql Sql { get; } = new PostgresLedgerSql();

    internal override async Task<DatabaseOptions> CreateAsync()
    {
        _database = await TestPostgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        return new DatabaseOptions { Provider = DatabaseProvider.Postgres, ConnectionString = _database.ConnectionString };
    }

    protected override string Shifted(string column, string sign, string seconds) => $"{column} {sign} interval '{seconds} s'";

    protected override Task DropAsync() => _database?.DisposeAsync().AsTask() ?? Task.CompletedTask;
}

public sealed class SqliteLedgerDatabase : LedgerDatabase
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("renderfarm-ledger-");

    internal override LedgerSql Sql { get; } = new SqliteLedgerSql();

    internal override Task<DatabaseOptions> CreateAsync() =>
        Task.FromResult(new DatabaseOptions { Provider = DatabaseProvider.Sqlite, ConnectionString = $"Data Source={Path.Combine(_folder.FullName, "farm.db")}" });

    protected override string Shifted(string column, string sign, string seconds) => $"{column} {sign} {seconds}000";

    protected override Task DropAsync()
    {
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}
