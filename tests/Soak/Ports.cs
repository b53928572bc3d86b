using System.Net;
using System.Net.Sockets;

namespace RenderFarm.Soak;

/// <summary>Ports for processes that are killed and start again.</summary>
internal static class Ports
{
    // Below those that outgoing connections get: while a process is down, nobody takes its port.
    private const int First = 31000;
    private const int Last = 32700;
    private static int _next = First + (Environment.ProcessId % (Last - First));

    /// <summary>A port of the loopback interface that nobody uses now.</summary>
    public static int Free()
    {
        for (var tries = 0; tries < Last - First; tries++)
        {
            var port = _next = _next == Last ? First : _next + 1;
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody has it.
            }
        }

        throw new InvalidOperationException($"No port from {First} to {Last} is free.");
    }
}
