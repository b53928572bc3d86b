using Npgsql;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.TestKit.Services;

/// <summary>An empty PostgreSQL database of its own for a test class, dropped when disposed.</summary>
public sealed class TestPostgres : IAsyncDisposable
{
    private static readonly TimeSpan GoneWithin = TimeSpan.FromMinutes(2);
    private string _server;

    private TestPostgres(string server, string name)
    {
        _server = server;
        Name = name;
        // Many test classes share the server's connections.
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20, Pooling = true }.ConnectionString;
    }

    public string Name { get; }

    public string ConnectionString { get; private set; }

    /// <summary>For a test's own look into a database whose server may go away: no connection outlives its use.</summary>
    public string Unpooled => new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString;

    public static Task<TestPostgres> CreateDatabaseAsync(CancellationToken cancellationToken = default) => CreateDatabaseAsync(null, cancellationToken);

    /// <summary>On the server of the test run, unless another is named.</summary>
    public static async Task<TestPostgres> CreateDatabaseAsync(string? ownServer, CancellationToken cancellationToken)
    {
        // A server of a test's own may be crashed: no connection of the test outlives that.
        var server = ownServer is null ? TestEnvironment.Require("RENDERFARM_TEST_POSTGRES") : new NpgsqlConnectionStringBuilder(ownServer) { Pooling = false }.ConnectionString;
        var database = new TestPostgres(server, TestEnvironment.NewName("test_"));
        await database.ExecuteOnServerAsync($"CREATE DATABASE {database.Name}", cancellationToken);
        return database;
    }

    /// <summary>Another server has it from now on.</summary>
    public void MoveTo(int port)
    {
        _server = new NpgsqlConnectionStringBuilder(_server) { Port = port }.ConnectionString;
        ConnectionString = new NpgsqlConnectionStringBuilder(ConnectionString) { Port = port }.ConnectionString;
    }

    public async Task<Version> VersionAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(ConnectionString);
        await connection.OpenAsync(cancellationToken);
        return connection.PostgreSqlVersion;
    }

    public async ValueTask DisposeAsync()
    {
        await using (var connection = new NpgsqlConnection(ConnectionString))
        {
            NpgsqlConnection.ClearPool(connection);
        }

        // The server gives sessions that it ends five seconds to be gone.
        await Eventually.IsAsync(DropAsync, isGone => isGone, GoneWithin, explain: null, CancellationToken.None);
    }

    private async Task<bool> DropAsync()
    {
        await ExecuteOnServerAsync($"DROP DATABASE IF EXISTS {Name} WITH (FORCE)", CancellationToken.None);
        return true;
    }

    private async Task ExecuteOnServerAsync(string sql, CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(_server);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = (int)GoneWithin.TotalSeconds };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
