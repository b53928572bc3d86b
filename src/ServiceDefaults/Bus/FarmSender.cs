using MassTransit;
using Microsoft.Extensions.Options;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Sends the protocol's messages to the queue they belong in.</summary>
public sealed class FarmSender(IBus bus, IOptions<BusOptions> options)
{
    /// <summary>To all coordinators' shared queue; returns when the broker has it. Throws <see cref="QueueMissingException"/> while no coordinator was ever there.</summary>
    public Task ToCoordinatorAsync<T>(T message, CancellationToken cancellationToken)
        where T : class => SendAsync(QueueNames.FarmEvents, "", message, cancellationToken);

    /// <summary>To one worker process. Throws <see cref="QueueMissingException"/> when its queue is gone.</summary>
    public Task ToWorkerAsync<T>(string worker, long epoch, T message, CancellationToken cancellationToken)
        where T : class => SendAsync(QueueNames.Worker(worker, epoch), "?autodelete=true", message, cancellationToken);

    /// <summary>To whoever listens now; never stored.</summary>
    public Task AnnounceAsync<T>(T message, CancellationToken cancellationToken)
        where T : class => bus.Publish(message, context => context.Durable = false, cancellationToken);

    private async Task SendAsync<T>(string queue, string exchangeQuery, T message, CancellationToken cancellationToken)
        where T : class
    {
        // On the broker the exchange is addressed, not the queue: a sender must neither bring the queue of a dead worker back to life nor decide the type of a queue.
        var address = options.Value.Transport == BusTransport.InMemory ? $"queue:{queue}" : $"exchange:{queue}{exchangeQuery}";
        var endpoint = await bus.GetSendEndpoint(new Uri(address)).ConfigureAwait(false);
        try
        {
            await endpoint.Send(message, RequireRoute<T>, cancellationToken).ConfigureAwait(false);
        }
        catch (MessageReturnedException ex)
        {
            throw new QueueMissingException(queue, ex);
        }
    }

    private static void RequireRoute<T>(SendContext<T> context)
        where T : class
    {
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit))
        {
            rabbit.Mandatory = true;
        }
    }
}

/// <summary>The broker has no queue of this name: its consumer is gone or has not come yet.</summary>
public sealed class QueueMissingException(string queue, Exception inner) : Exception($"The broker has no queue '{queue}'.", inner);
