using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Services;

namespace RenderFarm.ServiceDefaults.Tests.Bus;

public sealed class BrokerCheckTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_broker_that_answers_passes()
    {
        await using var broker = await TestRabbitMq.CreateVirtualHostAsync(Cancellation);
        await BrokerCheck.CheckAsync(Rabbit(broker.Uri), Cancellation);
    }

    [Fact]
    public Task The_bus_in_memory_needs_no_broker() => BrokerCheck.CheckAsync(new BusOptions(), Cancellation);

    [Fact]
    public async Task A_port_where_nobody_listens_is_named_with_the_key_to_correct()
    {
        var port = FreePort.Take();
        var problem = await RefusedAsync(new Uri($"amqp://farm:secret-word@127.0.0.1:{port}/"));
        Assert.Contains($"127.0.0.1:{port}", problem, StringComparison.Ordinal);
        Assert.Contains("RENDERFARM__Bus__Uri", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_from_an_absent_broker()
    {
        await using var broker = await TestRabbitMq.CreateVirtualHostAsync(Cancellation);
        var wrong = new UriBuilder(broker.Uri) { Password = "secret-word" }.Uri;
        var problem = await RefusedAsync(wrong);
        Assert.Contains("password", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-word", problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_virtual_host_is_named()
    {
        await using var broker = await TestRabbitMq.CreateVirtualHostAsync(Cancellation);
        var problem = await RefusedAsync(new Uri(broker.Uri, "/no-such-host"));
        Assert.Contains("no-such-host", problem, StringComparison.Ordinal);
    }

    private static async Task<string> RefusedAsync(Uri uri) =>
        (await Assert.ThrowsAsync<BusUnavailableException>(() => BrokerCheck.CheckAsync(Rabbit(uri), Cancellation))).Message;

    private static BusOptions Rabbit(Uri uri) => new() { Transport = BusTransport.RabbitMq, Uri = uri };
}
