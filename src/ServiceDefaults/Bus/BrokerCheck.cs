using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Tries the broker once before a host starts, so that a wrong address is an error with a name and not a silent wait.</summary>
public static class BrokerCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Connects and disconnects. Throws <see cref="BusUnavailableException"/> with what to do.</summary>
    public static async Task CheckAsync(BusOptions options, CancellationToken cancellationToken)
    {
        if (options.Transport == BusTransport.InMemory)
        {
            return;
        }

        var factory = new ConnectionFactory { Uri = options.Uri!, RequestedConnectionTimeout = Patience, AutomaticRecoveryEnabled = false };
        try
        {
            await using var connection = await factory.CreateConnectionAsync(cancellationToken).ConfigureAwait(false);
            // The virtual host is only refused after the connection was opened.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (BrokerUnreachableException ex)
        {
            throw new BusUnavailableException(Explain(factory, ex.InnerException ?? ex), ex);
        }
        catch (OperationInterruptedException ex)
        {
            throw new BusUnavailableException(Explain(factory, ex), ex);
        }
    }

    private static string Explain(ConnectionFactory factory, Exception reason)
    {
        var broker = $"The broker at {factory.HostName}:{factory.Port} (virtual host '{factory.VirtualHost}')";
        return Cause(reason) switch
        {
            AuthenticationFailureException => $"{broker} refuses user '{factory.UserName}': check user and password in Bus:Uri (RENDERFARM__Bus__Uri).",
            OperationInterruptedException interrupted => $"{broker} refuses the connection: {interrupted.ShutdownReason?.ReplyText ?? interrupted.Message}. Check the virtual host in Bus:Uri (RENDERFARM__Bus__Uri).",
            var other => $"{broker} cannot be reached: {other.Message} Start RabbitMQ, or correct Bus:Uri (RENDERFARM__Bus__Uri).",
        };
    }

    // The client wraps each address that it tried.
    private static Exception Cause(Exception reason) => reason is AggregateException { InnerException: { } inner } ? Cause(inner) : reason;
}

/// <summary>The broker cannot be used; the message names it and what to do.</summary>
public sealed class BusUnavailableException(string message, Exception inner) : Exception(message, inner);
