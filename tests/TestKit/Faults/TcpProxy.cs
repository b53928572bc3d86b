using System.Net;
using System.Net.Sockets;

namespace RenderFarm.TestKit.Faults;

/// <summary>A hop between a process and a server that can go wrong. Faults are switched while connections run, each direction by itself.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ProxiedConnection> _connections = [];

    // Bound and not listening, so that nobody else gets the port while the door is shut.
    private readonly Socket _frame = Bind(0);
    private Socket _door;
    private bool _isDisposed;

    private TcpProxy(int serverPort)
    {
        ServerPort = serverPort;
        Port = ((IPEndPoint)_frame.LocalEndPoint!).Port;
        _door = Bind(Port);
        Open();
    }

    /// <summary>Where new connections lead to, on the loopback interface.</summary>
    public int ServerPort { get; set; }

    /// <summary>Where the clients connect to, on the loopback interface.</summary>
    public int Port { get; }

    /// <summary>What clients send.</summary>
    public ProxyDirection ToServer { get; } = new();

    /// <summary>What the server answers.</summary>
    public ProxyDirection ToClient { get; } = new();

    /// <summary>Connections that are open now.</summary>
    public int Connections
    {
        get
        {
            lock (_lock)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>Connections that were ever made.</summary>
    public int Made { get; private set; }

    /// <summary>A proxy for a server on the loopback interface.</summary>
    public static TcpProxy Start(int serverPort) => new(serverPort);

    /// <summary>Nothing arrives any more in either direction, also no end of a connection; what is on its way arrives after <see cref="Heal"/>.</summary>
    public void BlackHole()
    {
        ToServer.IsHeld = true;
        ToClient.IsHeld = true;
    }

    /// <summary>Every connection ends with a reset on both sides; new ones are welcome.</summary>
    public void Reset() => Each(connection => connection.Reset());

    /// <summary>The server's side of every connection ends; the client is not told and keeps talking to nobody. New connections are welcome.</summary>
    public void HalfOpen() => Each(connection => connection.LoseServer());

    /// <summary>The server is down: connections are reset and new ones refused.</summary>
    public void Refuse()
    {
        lock (_lock)
        {
            _door.Dispose();
            _door = Bind(Port);
        }

        Reset();
    }

    /// <summary>Ends every fault. Connections that were lost stay lost.</summary>
    public void Heal()
    {
        ToServer.Heal();
        ToClient.Heal();
        lock (_lock)
        {
            if (!_isDisposed && (int)(_door.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.AcceptConnection) ?? 0) == 0)
            {
                Open();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _door.Dispose();
            _frame.Dispose();
        }

        Reset();
        ToServer.Heal();
        ToClient.Heal();
        await Task.WhenAll(Snapshot().Select(connection => connection.Ended));
    }

    private static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    private void Open()
    {
        _door.Listen(512);
        _ = AcceptAsync(_door);
    }

    private async Task AcceptAsync(Socket door)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await door.AcceptAsync();
            }
            catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = CarryAsync(client);
        }
    }

    private async Task CarryAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, ServerPort);
        }
        catch (SocketException)
        {
            ProxiedConnection.Abort(client);
            server.Dispose();
            return;
        }

        using var connection = new ProxiedConnection(client, server);
        lock (_lock)
        {
            _connections.Add(connection);
            Made++;
            if (_isDisposed)
            {
                connection.Reset();
            }
        }

        await connection.RunAsync(ToServer, ToClient);
        lock (_lock)
        {
            _connections.Remove(connection);
        }
    }

    private void Each(Action<ProxiedConnection> change)
    {
        foreach (var connection in Snapshot())
        {
            change(connection);
        }
    }

    private List<ProxiedConnection> Snapshot()
    {
        lock (_lock)
        {
            return [.. _connections];
        }
    }
}
