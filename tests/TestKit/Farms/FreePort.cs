using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace RenderFarm.TestKit.Farms;

/// <summary>Ports of the loopback interface for processes that are told theirs.</summary>
public static class FreePort
{
    // Bound for as long as the tests run, and not listened at: a process that asks for the port by its number gets it, also once more after a
    // crash, and neither an outgoing connection nor anybody else who takes any free port ever does.
    private static readonly ConcurrentBag<Socket> Held = [];

    /// <summary>A port that nobody else is given.</summary>
    public static int Take()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Held.Add(socket);
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    /// <summary>An address at such a port.</summary>
    public static Uri Address() => new($"http://127.0.0.1:{Take()}/");
}
