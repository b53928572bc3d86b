using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Tests.Database;

public sealed class DatabaseAddressTests
{
    [Fact]
    public void A_coordinators_statements_are_limited_in_time()
    {
        var address = DatabaseAddress.Hurried(Options("Host=db;Database=farm"));
        Assert.Contains("statement_timeout=5s", address.Options, StringComparison.Ordinal);
        Assert.Contains("lock_timeout=500ms", address.Options, StringComparison.Ordinal);
        Assert.InRange(address.KeepAlive, 1, 30);
        Assert.InRange(address.Timeout, 1, 10);
        Assert.InRange(address.CommandTimeout, 5, 15);
    }

    [Fact]
    public void What_the_connection_string_says_itself_wins()
    {
        var address = DatabaseAddress.Hurried(Options("Host=db;Database=farm;Timeout=60;Command Timeout=90;Keepalive=3;Options=-c statement_timeout=1min"));
        Assert.Equal((60, 90, 3), (address.Timeout, address.CommandTimeout, address.KeepAlive));
        // The server takes the last of two.
        Assert.EndsWith("-c statement_timeout=1min", address.Options, StringComparison.Ordinal);
    }

    private static DatabaseOptions Options(string address) => new() { Provider = DatabaseProvider.Postgres, ConnectionString = address };
}
