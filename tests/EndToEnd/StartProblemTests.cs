using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

/// <summary>A wrong setting is one clear line and an exit code, whether the program finds it or a server that is there.</summary>
public sealed class StartProblemTests(ServersFixture servers) : IClassFixture<ServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Wrong => new()
    {
        { "migrate", "RENDERFARM__Database__ConnectionString", "Host=127.0.0.1;Port=1;Username=farm;Password=secret-word;Database=farm;Timeout=3", "127.0.0.1:1" },
        { "audit", "RENDERFARM__Database__ConnectionString", "Host=127.0.0.1;Port=1;Username=farm;Password=secret-word;Database=farm;Timeout=3", "127.0.0.1:1" },
        { "coordinator", "RENDERFARM__Database__Provider", "Oracle", "Database:Provider" },
        { "coordinator", "RENDERFARM__Coordinator__Urls", "8080", "Coordinator:Urls" },
        { "coordinator", "RENDERFARM__Artifacts__S3__SecretKey", "secret-word", "SecretKey" },
        { "worker", "RENDERFARM__Bus__Uri", "http://somewhere", "Bus:Uri" },
        { "worker", "RENDERFARM__Artifacts__S3__SecretKey", "secret-word", "SecretKey" },
        { "coordinator", "RENDERFARM__Access__Key", "short", "Access:Key" },
        { "worker", "RENDERFARM__Worker__Models", "/no/such/folder", "Worker:Models" },
        { "worker", "RENDERFARM__Worker__Device", "gpu", "Worker:Device" },
        { "worker", "RENDERFARM__Worker__Spool", "/dev/null/spool", "Worker:Spool" },
        { "worker", "RENDERFARM__Worker__HealthUrls", "8081", "Worker:HealthUrls" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public async Task The_thing_that_is_wrong_is_named(string command, string setting, string value, string named)
    {
        var settings = servers.Farm.Settings;
        settings["RENDERFARM__Coordinator__Urls"] = "http://127.0.0.1:0";
        settings[setting] = value;
        await AssertEndsAsync(command, settings, named);
    }

    [Theory]
    [InlineData("Database", "refuses this user")]
    [InlineData("Bus", "refuses user")]
    public async Task A_server_that_refuses_the_password_ends_the_coordinator(string server, string says)
    {
        var settings = servers.Farm.Settings;
        settings["RENDERFARM__Coordinator__Urls"] = "http://127.0.0.1:0";
        if (server == "Bus")
        {
            settings["RENDERFARM__Bus__Uri"] = new UriBuilder(settings["RENDERFARM__Bus__Uri"]) { Password = "secret-word" }.ToString();
        }
        else
        {
            settings["RENDERFARM__Database__ConnectionString"] += ";Password=secret-word";
        }

        await AssertEndsAsync("coordinator", settings, says);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_line()
    {
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var settings = servers.Farm.Settings;
        settings["RENDERFARM__Coordinator__Urls"] = $"http://{taken.LocalEndpoint}";
        var output = await AssertEndsAsync("coordinator", settings, $"{taken.LocalEndpoint}");
        Assert.Single(output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static async Task<string> AssertEndsAsync(string command, Dictionary<string, string> settings, string named)
    {
        await using var process = FarmProcess.Start(Repository.Root, settings, command);

        Assert.NotEqual(0, await process.ExitAsync(TimeSpan.FromMinutes(3), Cancellation));
        Assert.Contains(named, process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", process.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Output, StringComparison.Ordinal);
        return process.Output;
    }
}

/// <summary>Servers for tests that only start processes on them.</summary>
public sealed class ServersFixture : IAsyncLifetime
{
    public ServerTestFarm Farm { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Farm = await ServerTestFarm.StartAsync(coordinators: 0, workers: 0, CancellationToken.None);

    public ValueTask DisposeAsync() => Farm.DisposeAsync();
}
