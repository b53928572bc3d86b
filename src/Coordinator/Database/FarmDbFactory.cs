using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace RenderFarm.Coordinator.Database;

/// <summary>Opens the database that the options name; owns its connection pool.</summary>
internal sealed class FarmDbFactory : IDbContextFactory<FarmDb>, IAsyncDisposable
{
    private readonly NpgsqlDataSource? _source;
    private readonly Func<FarmDb> _create;
    private readonly Func<CancellationToken, Task<FarmDb>> _createAsync;

    /// <summary>Opens nothing yet.</summary>
    /// <param name="options">Which database.</param>
    /// <param name="logging">Where statements are logged; null is nowhere.</param>
    /// <param name="isHurried">Whether statements are limited in time; migrations and audits may take theirs.</param>
    public FarmDbFactory(DatabaseOptions options, ILoggerFactory? logging = null, bool isHurried = true)
    {
        logging ??= NullLoggerFactory.Instance;
        if (options.Provider == DatabaseProvider.Postgres)
        {
            _source = NpgsqlDataSource.Create((isHurried ? DatabaseAddress.Hurried(options) : Unhurried(options)).ConnectionString);
            var factory = new PooledDbContextFactory<PostgresFarmDb>(Build<PostgresFarmDb>(logging, builder => builder.UseNpgsql(
                _source,
                // The provider's own strategy would hide a lost connection inside an InvalidOperationException.
                postgres => postgres.ExecutionStrategy(parts => new NonRetryingExecutionStrategy(parts)))
                .AddInterceptors(new BrokenConnections(this))));
            _create = factory.CreateDbContext;
            _createAsync = async cancellationToken => await factory.CreateDbContextAsync(cancellationToken);
        }
        else
        {
            var address = DatabaseAddress.Sqlite(options);
            var factory = new PooledDbContextFactory<SqliteFarmDb>(
                Build<SqliteFarmDb>(logging, builder => builder.UseSqlite(address.ConnectionString).AddInterceptors(new SqliteSettings())));
            _create = factory.CreateDbContext;
            _createAsync = async cancellationToken => await factory.CreateDbContextAsync(cancellationToken);
        }
    }

    public FarmDb CreateDbContext() => _create();

    public Task<FarmDb> CreateDbContextAsync(CancellationToken cancellationToken = default) => _createAsync(cancellationToken);

    /// <summary>After a connection broke: the others that wait in the pool are most likely as dead, and each would cost one more failure.</summary>
    public void DropIdle() => _source?.Clear();

    public ValueTask DisposeAsync() => _source?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static NpgsqlConnectionStringBuilder Unhurried(DatabaseOptions options)
    {
        var address = DatabaseAddress.Postgres(options);
        address.CommandTimeout = 0;
        return address;
    }

    private static DbContextOptions<T> Build<T>(ILoggerFactory logging, Action<DbContextOptionsBuilder<T>> provider)
        where T : FarmDb
    {
        var builder = new DbContextOptionsBuilder<T>();
        provider(builder);
        builder.UseSnakeCaseNamingConvention();
        builder.UseLoggerFactory(logging);
        // Every statement at Information would drown the state changes that Information is for.
        // Faults are told once, by whoever handles them.
        builder.ConfigureWarnings(events => events.Log(
            (RelationalEventId.CommandExecuted, LogLevel.Debug), (RelationalEventId.CommandError, LogLevel.Debug), (RelationalEventId.ConnectionError, LogLevel.Debug),
            (RelationalEventId.TransactionError, LogLevel.Debug), (CoreEventId.QueryIterationFailed, LogLevel.Debug), (CoreEventId.SaveChangesFailed, LogLevel.Debug)));
        return builder.Options;
    }

    private sealed class BrokenConnections(FarmDbFactory factory) : DbCommandInterceptor
    {
        public override Task CommandFailedAsync(DbCommand command, CommandErrorEventData eventData, CancellationToken cancellationToken = default)
        {
            if (DatabaseFaults.IsBroken(eventData.Exception))
            {
                factory.DropIdle();
            }

            return Task.CompletedTask;
        }
    }

    /// <summary>Settings that SQLite keeps per connection. FULL makes a committed transaction survive a power cut in WAL mode as well.</summary>
    private sealed class SqliteSettings : DbConnectionInterceptor
    {
        private const string Pragmas = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Pragmas;
            command.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            ConnectionOpened((SqliteConnection)connection, eventData);
            return Task.CompletedTask;
        }
    }
}
