using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

/// <summary>A server that is away at the start, or a wrong setting, is one clear line and an exit code, never a silent wait.</summary>
public sealed class StartProblemTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Wrong => new()
    {
        { "coordinator", "RENDERFARM__Database__ConnectionString", "Host=127.0.0.1;Port=1;Username=farm;Password=secret-word;Database=farm;Timeout=3", "127.0.0.1:1" },
        { "migrate", "RENDERFARM__Database__ConnectionString", "Host=127.0.0.1;Port=1;Username=farm;Password=secret-word;Database=farm;Timeout=3", "127.0.0.1:1" },
        { "audit", "RENDERFARM__Database__ConnectionString", "Host=127.0.0.1;Port=1;Username=farm;Password=secret-word;Database=farm;Timeout=3", "127.0.0.1:1" },
        { "coordinator", "RENDERFARM__Database__Provider", "Oracle", "Database:Provider" },
        { "coordinator", "RENDERFARM__Bus__Uri", "amqp://farm:secret-word@127.0.0.1:1/", "127.0.0.1:1" },
        { "worker", "RENDERFARM__Bus__Uri", "amqp://farm:secret-word@127.0.0.1:1/", "127.0.0.1:1" },
        { "worker", "RENDERFARM__Bus__Uri", "http://somewhere", "Bus:Uri" },
        { "coordinator", "RENDERFARM__Artifacts__S3__Endpoint", "127.0.0.1:1", "127.0.0.1:1" },
        { "worker", "RENDERFARM__Artifacts__S3__Endpoint", "127.0.0.1:1", "127.0.0.1:1" },
        { "worker", "RENDERFARM__Artifacts__S3__SecretKey", "secret-word", "SecretKey" },
        { "coordinator", "RENDERFARM__Access__Key", "short", "Access:Key" },
        { "worker", "RENDERFARM__Worker__Models", "/no/such/folder", "Worker:Models" },
        { "worker", "RENDERFARM__Worker__Device", "gpu", "Worker:Device" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task The_thing_that_is_wrong_is_named(string command, string setting, string value, string named)
    {
        var settings = servers.Farm.Settings;
        settings[setting] = value;
        await using var process = FarmProcess.Start(Repository.Root, settings, command);

        Assert.NotEqual(0, await process.ExitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Contains(named, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_was_never_migrated_is_told_how()
    {
        await using var database = await TestKit.Services.TestPostgres.CreateDatabaseAsync(Cancellation);
        var settings = servers.Farm.Settings;
        settings["RENDERFARM__Database__ConnectionString"] = database.ConnectionString;
        await using var process = FarmProcess.Start(Repository.Root, settings, "coordinator");

        Assert.NotEqual(0, await process.ExitAsync(TimeSpan.FromSeconds(60), Cancellation));
        Assert.Contains("renderfarm migrate", process.Output, StringComparison.Ordinal);
    }
}

/// <summary>Servers for tests that only start processes on them.</summary>
public sealed class ServersFixture : IAsyncLifetime
{
    public ServerTestFarm Farm { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Farm = await ServerTestFarm.StartAsync(coordinators: 0, workers: 0, CancellationToken.None);

    public ValueTask DisposeAsync() => Farm.DisposeAsync();
}
