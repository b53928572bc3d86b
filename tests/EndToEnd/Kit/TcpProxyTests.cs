using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Kit;

public sealed class TcpProxyTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly TcpListener _server = new(IPAddress.Loopback, 0);
    private TcpProxy _proxy = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _server.Start();
        _proxy = TcpProxy.Start(((IPEndPoint)_server.LocalEndpoint).Port);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task What_is_sent_arrives_unchanged_in_both_directions_and_so_does_the_end()
    {
        var (client, server) = await ConnectAsync();
        var bytes = new byte[1_000_000];
        new Random(7).NextBytes(bytes);
        var sending = client.SendAsync(bytes, Cancellation).AsTask();
        Assert.Equal(bytes, await ReceiveAsync(server, bytes.Length));
        await sending;
        await server.SendAsync(bytes.AsMemory(0, 1000), Cancellation);
        Assert.Equal(bytes[..1000], await ReceiveAsync(client, 1000));
        // They are counted when they are sent, which whoever receives them may see first.
        await Eventually.IsAsync(() => Task.FromResult((_proxy.ToServer.Passed, _proxy.ToClient.Passed)), x => x == (1_000_000, 1000), Patience, null, Cancellation);
        client.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Cancellation));
        server.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await client.ReceiveAsync(new byte[1], Cancellation));
        await Eventually.IsAsync(() => Task.FromResult(_proxy.Connections), x => x == 0, Patience, null, Cancellation);
    }

    [Fact]
    public async Task A_delay_is_added_to_every_byte_and_not_to_each_of_many()
    {
        var (client, server) = await ConnectAsync();
        _proxy.ToServer.Delay = TimeSpan.FromMilliseconds(300);
        var start = Stopwatch.GetTimestamp();
        for (var chunk = 0; chunk < 400; chunk++)
        {
            await client.SendAsync(new byte[100], Cancellation);
        }

        // One after the other they would take two minutes.
        await ReceiveAsync(server, 40_000);
        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0.29, 100);
    }

    [Fact]
    public async Task A_throttled_direction_takes_its_time()
    {
        var (client, server) = await ConnectAsync();
        _proxy.ToClient.BytesPerSecond = 1000;
        var start = Stopwatch.GetTimestamp();
        await server.SendAsync(new byte[500], Cancellation);
        await ReceiveAsync(client, 500);
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds >= 0.4);
    }

    [Fact]
    public async Task A_black_hole_of_one_direction_keeps_bytes_and_ends_until_it_is_healed()
    {
        var (client, server) = await ConnectAsync();
        _proxy.ToServer.IsHeld = true;
        await client.SendAsync(new byte[] { 1, 2, 3 }, Cancellation);
        client.Shutdown(SocketShutdown.Send);
        var received = ReceiveAsync(server, 3);
        await server.SendAsync(new byte[] { 4 }, Cancellation);
        Assert.Equal([4], await ReceiveAsync(client, 1));
        Assert.False(received.IsCompleted);
        _proxy.Heal();
        Assert.Equal([1, 2, 3], await received);
        Assert.Equal(0, await server.ReceiveAsync(new byte[1], Cancellation));
    }

    [Fact]
    public async Task A_reset_ends_both_sides_and_new_connections_are_welcome()
    {
        var (client, server) = await ConnectAsync();
        _proxy.Reset();
        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1], Cancellation).AsTask());
        await Assert.ThrowsAsync<SocketException>(() => server.ReceiveAsync(new byte[1], Cancellation).AsTask());
        await ExchangeAsync();
    }

    [Fact]
    public async Task A_half_open_connection_is_over_for_the_server_and_the_client_is_not_told()
    {
        var (client, server) = await ConnectAsync();
        _proxy.HalfOpen();
        await Assert.ThrowsAsync<SocketException>(() => server.ReceiveAsync(new byte[1], Cancellation).AsTask());
        await client.SendAsync(new byte[1000], Cancellation);
        var receiving = client.ReceiveAsync(new byte[1], Cancellation).AsTask();
        await ExchangeAsync();
        Assert.False(receiving.IsCompleted);
        _proxy.Reset();
        await Assert.ThrowsAsync<SocketException>(() => receiving);
    }

    [Fact]
    public async Task A_server_that_is_down_refuses_until_it_is_healed_on_the_same_port()
    {
        var (client, _) = await ConnectAsync();
        _proxy.Refuse();
        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1], Cancellation).AsTask());
        using (var refused = NewSocket())
        {
            var ex = await Assert.ThrowsAsync<SocketException>(() => refused.ConnectAsync(IPAddress.Loopback, _proxy.Port, Cancellation).AsTask());
            Assert.Equal(SocketError.ConnectionRefused, ex.SocketErrorCode);
        }

        _proxy.Heal();
        await ExchangeAsync();
    }

    [Fact]
    public async Task A_cut_lets_so_many_bytes_pass_and_no_more()
    {
        var (client, server) = await ConnectAsync();
        var cut = _proxy.ToClient.CutAfter(10);
        await server.SendAsync(new byte[10], Cancellation);
        await ReceiveAsync(client, 10);
        Assert.False(cut.IsCompleted);
        await server.SendAsync(new byte[10], Cancellation);
        await Assert.ThrowsAsync<SocketException>(() => client.ReceiveAsync(new byte[1], Cancellation).AsTask());
        await cut.WaitAsync(Patience, Cancellation);
        Assert.Equal(10, _proxy.ToClient.Passed);
        await ExchangeAsync();
    }

    [Fact]
    public async Task Many_connections_run_side_by_side()
    {
        var pairs = new List<(Socket Client, Socket Server)>();
        for (var i = 0; i < 50; i++)
        {
            pairs.Add(await ConnectAsync());
        }

        await Task.WhenAll(pairs.Select(async (pair, i) =>
        {
            await pair.Client.SendAsync(new[] { (byte)i }, Cancellation);
            Assert.Equal([(byte)i], await ReceiveAsync(pair.Server, 1));
        }));
        Assert.Equal(50, _proxy.Connections);
    }

    private static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    private static async Task<byte[]> ReceiveAsync(Socket socket, int count)
    {
        var bytes = new byte[count];
        for (var got = 0; got < count;)
        {
            var next = await socket.ReceiveAsync(bytes.AsMemory(got), Cancellation).AsTask().WaitAsync(Patience, Cancellation);
            Assert.NotEqual(0, next);
            got += next;
        }

        return bytes;
    }

    private async Task<(Socket Client, Socket Server)> ConnectAsync()
    {
        var before = _proxy.Made;
        var client = NewSocket();
        await client.ConnectAsync(IPAddress.Loopback, _proxy.Port, Cancellation);
        var server = await _server.AcceptSocketAsync(Cancellation);
        await Eventually.IsAsync(() => Task.FromResult(_proxy.Made), x => x > before, Patience, null, Cancellation);
        return (client, server);
    }

    private async Task ExchangeAsync()
    {
        var (client, server) = await ConnectAsync();
        await client.SendAsync(new byte[] { 9 }, Cancellation);
        Assert.Equal([9], await ReceiveAsync(server, 1));
    }
}
