using RenderFarm.Coordinator.Database;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Coordinator.Tests.Api;

/// <summary>The API over PostgreSQL.</summary>
public sealed class PostgresApiFarm : ApiFarm
{
    private TestPostgres? _database;

    private protected override async Task<DatabaseOptions> CreateDatabaseAsync()
    {
        _database = await TestPostgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        return new DatabaseOptions { Provider = DatabaseProvider.Postgres, ConnectionString = _database.ConnectionString };
    }

    private protected override Task DropDatabaseAsync() => _database?.DisposeAsync().AsTask() ?? Task.CompletedTask;
}
