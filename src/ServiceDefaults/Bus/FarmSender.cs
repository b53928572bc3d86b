using MassTransit;
using Microsoft.Extensions.Options;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Sends the protocol's messages to the queue they belong in.</summary>
public sealed class FarmSender(IBus bus, IOptions<BusOptions> options)
{
    /// <summary>To all coordinators' shared queue; returns when the broker has it. Throws <see cref="QueueMissingException"/> while no coordinator was ever there.</summary>
    public Task ToCoordinatorAsync<T>(T message, CancellationToken cancellationToken)
        where T : class => SendAsync(QueueNames.FarmEvents, $"exchange:{QueueNames.FarmEvents}", message, isDurable: true, cancellationToken);

    /// <summary>To one worker process, in memory only: what gets lost is caught by a deadline of the ledger. Throws <see cref="QueueMissingException"/> when its queue is gone.</summary>
    public Task ToWorkerAsync<T>(string worker, long epoch, T message, CancellationToken cancellationToken)
        where T : class => SendAsync(QueueNames.Worker(worker, epoch), $"exchange:{QueueNames.Workers}?type=direct", message, isDurable: false, cancellationToken);

    /// <summary>To the queue of messages that no coordinator could make use of, for people to look at.</summary>
    public Task ParkAsync<T>(T message, CancellationToken cancellationToken)
        where T : class => SendAsync(QueueNames.Parked, $"exchange:{QueueNames.Parked}", message, isDurable: true, cancellationToken);

    /// <summary>To whoever listens now; never stored.</summary>
    public Task AnnounceAsync<T>(T message, CancellationToken cancellationToken)
        where T : class => bus.Publish(message, context => context.Durable = false, cancellationToken);

    // On the broker an exchange is addressed, not the queue: a sender must neither bring the queue of a dead worker back to life nor decide the type of a queue.
    private async Task SendAsync<T>(string queue, string exchange, T message, bool isDurable, CancellationToken cancellationToken)
        where T : class
    {
        var address = options.Value.Transport == BusTransport.InMemory ? $"queue:{queue}" : exchange;
        var endpoint = await bus.GetSendEndpoint(new Uri(address)).ConfigureAwait(false);
        try
        {
            await endpoint.Send(message, context => Route(context, queue, isDurable), cancellationToken).ConfigureAwait(false);
        }
        catch (MessageReturnedException ex)
        {
            throw new QueueMissingException(queue, ex);
        }
    }

    private static void Route<T>(SendContext<T> context, string queue, bool isDurable)
        where T : class
    {
        context.Durable = isDurable;
        if (context.TryGetPayload<RabbitMqSendContext>(out var rabbit))
        {
            rabbit.Mandatory = true;
            rabbit.RoutingKey = queue;
        }
    }
}

/// <summary>The broker has no queue of this name: its consumer is gone or has not come yet.</summary>
public sealed class QueueMissingException(string queue, Exception inner) : Exception($"The broker has no queue '{queue}'.", inner);
