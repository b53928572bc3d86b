using System.Text;
using Minio.DataModel.Args;
using Npgsql;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Deploy.Tests;

public sealed class ServicesTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_databases_do_not_see_each_others_tables()
    {
        await using var one = await TestPostgres.CreateDatabaseAsync(Cancelled);
        await using var other = await TestPostgres.CreateDatabaseAsync(Cancelled);

        await ExecuteAsync(one, "CREATE TABLE things (id int); INSERT INTO things VALUES (7)");

        Assert.Equal(7, await ExecuteAsync(one, "SELECT id FROM things"));
        var error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(other, "SELECT id FROM things"));
        Assert.Equal(PostgresErrorCodes.UndefinedTable, error.SqlState);
    }

    [Fact]
    public async Task A_disposed_database_is_gone()
    {
        var database = await TestPostgres.CreateDatabaseAsync(Cancelled);
        await ExecuteAsync(database, "SELECT 1");

        await database.DisposeAsync();

        var error = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(database, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, error.SqlState);
    }

    [Fact]
    public async Task A_bucket_keeps_objects_and_is_deleted_with_them()
    {
        var store = await TestS3.CreateBucketAsync(Cancelled);
        var body = Encoding.UTF8.GetBytes("a picture");

        await store.Client.PutObjectAsync(
            new PutObjectArgs().WithBucket(store.Bucket).WithObject("a/b.png").WithStreamData(new MemoryStream(body)).WithObjectSize(body.Length),
            Cancelled);

        Assert.Equal(["a/b.png"], await store.ListKeysAsync(Cancelled));
        await store.DisposeAsync();
        await using var other = await TestS3.CreateBucketAsync(Cancelled);
        Assert.False(await other.Client.BucketExistsAsync(new BucketExistsArgs().WithBucket(store.Bucket), Cancelled));
    }

    [Fact]
    public async Task A_virtual_host_accepts_the_address_that_it_gives()
    {
        await using var broker = await TestRabbitMq.CreateVirtualHostAsync(Cancelled);

        Assert.Equal($"/{broker.VirtualHost}", broker.Uri.AbsolutePath);
        Assert.Equal(0, await broker.CloseConnectionsAsync(Cancelled));
    }

    [Fact]
    public void A_missing_variable_says_how_to_get_it()
    {
        var error = Assert.Throws<InvalidOperationException>(() => TestEnvironment.Require("RENDERFARM_TEST_NOTHING"));

        Assert.Contains("RENDERFARM_TEST_NOTHING is not set", error.Message, StringComparison.Ordinal);
        Assert.Contains("eng/services env", error.Message, StringComparison.Ordinal);
    }

    private static async Task<object?> ExecuteAsync(TestPostgres database, string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(Cancelled);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancelled);
    }
}
