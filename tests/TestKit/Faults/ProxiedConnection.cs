using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace RenderFarm.TestKit.Faults;

/// <summary>One connection through a <see cref="TcpProxy"/>: two sockets and what is on its way between them.</summary>
internal sealed class ProxiedConnection(Socket client, Socket server) : IDisposable
{
    private const int ChunkBytes = 16 * 1024;

    // What one side may send before the other side takes it, as the buffers of a network do.
    private const int ChunksOnTheWay = 64;
    private static readonly TimeSpan ThrottleTick = TimeSpan.FromMilliseconds(50);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isServerLost;

    public Task Ended => _ended.Task;

    public async Task RunAsync(ProxyDirection toServer, ProxyDirection toClient)
    {
        try
        {
            await Task.WhenAll(CarryAsync(client, server, toServer), CarryAsync(server, client, toClient));
        }
        finally
        {
            _ended.SetResult();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        server.Dispose();
        _stop.Dispose();
    }

    public void Reset()
    {
        Abort(client);
        Abort(server);
        Stop();
    }

    public void LoseServer()
    {
        _isServerLost = true;
        Abort(server);
    }

    /// <summary>Closes with a reset instead of an orderly end.</summary>
    public static void Abort(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, seconds: 0);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
        }

        socket.Dispose();
    }

    private async Task CarryAsync(Socket from, Socket to, ProxyDirection direction)
    {
        var way = Channel.CreateBounded<(byte[] Bytes, long Sent)>(ChunksOnTheWay);
        await Task.WhenAll(TakeAsync(from, way.Writer), PassAsync(to, way.Reader, direction));
    }

    private async Task TakeAsync(Socket from, ChannelWriter<(byte[] Bytes, long Sent)> way)
    {
        var buffer = new byte[ChunkBytes];
        try
        {
            while (await from.ReceiveAsync(buffer, _stop.Token) is > 0 and var count)
            {
                if (!(_isServerLost && from == client))
                {
                    await way.WriteAsync((buffer[..count], Stopwatch.GetTimestamp()), _stop.Token);
                }
            }

            way.TryComplete();
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            way.TryComplete(ex);
        }
    }

    private async Task PassAsync(Socket to, ChannelReader<(byte[] Bytes, long Sent)> way, ProxyDirection direction)
    {
        try
        {
            await foreach (var (bytes, sent) in way.ReadAllAsync(_stop.Token))
            {
                await direction.OpenAsync().WaitAsync(_stop.Token);
                await WaitAsync(direction.Delay - Stopwatch.GetElapsedTime(sent));
                if (!await SendAsync(to, bytes, direction))
                {
                    return;
                }
            }

            await direction.OpenAsync().WaitAsync(_stop.Token);
            to.Shutdown(SocketShutdown.Send);
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException or OperationCanceledException or ChannelClosedException)
        {
            await EndAsync(to, direction);
        }
    }

    /// <summary>A reset of one side reaches the other, unless a black hole or a lost server keeps it.</summary>
    private async Task EndAsync(Socket to, ProxyDirection direction)
    {
        if (_isServerLost && to == client)
        {
            return;
        }

        try
        {
            await direction.OpenAsync().WaitAsync(_stop.Token);
        }
        catch (Exception ex) when (ex is OperationCanceledException or ObjectDisposedException)
        {
        }

        if (!_isServerLost)
        {
            Reset();
        }
    }

    private async Task<bool> SendAsync(Socket to, ReadOnlyMemory<byte> bytes, ProxyDirection direction)
    {
        while (bytes.Length > 0)
        {
            var limit = direction.BytesPerSecond;
            var (count, isCut) = direction.Allow(limit is { } perSecond ? Math.Min(bytes.Length, Math.Max(1, (int)(perSecond * ThrottleTick.TotalSeconds))) : bytes.Length);
            if (count > 0)
            {
                await SendAllAsync(to, bytes[..count]);
                direction.Count(count);
            }

            if (isCut)
            {
                Reset();
                return false;
            }

            bytes = bytes[count..];
            await WaitAsync(limit is null ? TimeSpan.Zero : ThrottleTick);
        }

        return true;
    }

    private async Task SendAllAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await to.SendAsync(bytes, _stop.Token)..];
        }
    }

    private async Task WaitAsync(TimeSpan time)
    {
        if (time > TimeSpan.Zero)
        {
            await Task.Delay(time, _stop.Token);
        }
    }

    private void Stop()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
        }
    }
}
