using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Tries the broker once, and names what is wrong with it.</summary>
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

        var factory = new ConnectionFactory { Uri = options.Uri!, RequestedConnectionTimeout = Patience, ContinuationTimeout = Patience, HandshakeContinuationTimeout = Patience, AutomaticRecoveryEnabled = false };
        try
        {
            await using var connection = await factory.CreateConnectionAsync(cancellationToken).ConfigureAwait(false);
            // The virtual host is only refused after the connection was opened.
            await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        catch (BrokerUnreachableException ex)
        {
            throw Explain(factory, ex.InnerException ?? ex);
        }
        catch (Exception ex) when (ex is OperationInterruptedException or AlreadyClosedException or IOException or TimeoutException)
        {
            throw Explain(factory, ex);
        }
    }

    private static BusUnavailableException Explain(ConnectionFactory factory, Exception reason)
    {
        var broker = $"The broker at {factory.HostName}:{factory.Port} (virtual host '{factory.VirtualHost}')";
        return Cause(reason) switch
        {
            AuthenticationFailureException wrong =>
                new BusUnavailableException($"{broker} refuses user '{factory.UserName}': check user and password in Bus:Uri (RENDERFARM__Bus__Uri).", isRefused: true, wrong),
            // A virtual host that is still starting is refused as well, with other words.
            OperationInterruptedException { ShutdownReason: { ReplyCode: Constants.NotAllowed or Constants.AccessRefused } closed } interrupted =>
                new BusUnavailableException(
                    $"{broker} refuses the connection: {closed.ReplyText}. Check the virtual host in Bus:Uri (RENDERFARM__Bus__Uri).",
                    isRefused: closed.ReplyText.Contains("not found", StringComparison.Ordinal) || closed.ReplyText.Contains("refused", StringComparison.Ordinal), interrupted),
            var other => new BusUnavailableException($"{broker} cannot be reached: {other.Message.TrimEnd('.')}. Start RabbitMQ, or correct Bus:Uri (RENDERFARM__Bus__Uri).", isRefused: false, other),
        };
    }

    // The client wraps each address that it tried.
    private static Exception Cause(Exception reason) => reason is AggregateException { InnerException: { } inner } ? Cause(inner) : reason;
}

/// <summary>The broker cannot be used; the message names it and what to do.</summary>
public sealed class BusUnavailableException(string message, bool isRefused, Exception inner) : Exception(message, inner)
{
    /// <summary>Whether the broker is there and refuses these settings, so that waiting does not help.</summary>
    public bool IsRefused => isRefused;
}
