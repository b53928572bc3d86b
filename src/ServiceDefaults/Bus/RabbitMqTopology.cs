using MassTransit;
using MassTransit.RabbitMqTransport.Configuration;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>How the farm's queues stand on RabbitMQ. All of it is declared anew on every connection, so that a wiped broker is whole again at once.</summary>
internal static class RabbitMqTopology
{
    // A message that ended a coordinator's connection this often is set aside, so that it cannot end them all for ever.
    private const int DeliveryLimit = 5;
    private const int ParkedAtMost = 10_000;
    private static readonly TimeSpan WorkerQueueOutlives = TimeSpan.FromSeconds(60);

    /// <summary>Messages that nobody misses are never written to disk.</summary>
    public static void TransientMessages(IRabbitMqBusFactoryConfigurator rabbit)
    {
        rabbit.Publish<StepProgressed>(x => x.Durable = false);
        rabbit.Publish<JobChanged>(x => x.Durable = false);
        rabbit.Publish<WorkersChanged>(x => x.Durable = false);
    }

    /// <summary>Gives a queue the form of its kind.</summary>
    public static void Shape(IRabbitMqReceiveEndpointConfigurator endpoint, BusQueue queue)
    {
        switch (queue.Kind)
        {
            case QueueKind.Events:
                Events(endpoint);
                break;
            case QueueKind.Worker:
                Worker(endpoint, queue);
                break;
            case QueueKind.Feed:
                endpoint.Durable = false;
                endpoint.AutoDelete = true;
                break;
            default:
                throw new InvalidOperationException($"Unknown queue kind {queue.Kind}.");
        }
    }

    /// <summary>What is set aside keeps its place on disk until it has arrived in the queue of parked messages.</summary>
    private static void Events(IRabbitMqReceiveEndpointConfigurator endpoint)
    {
        endpoint.SetQuorumQueue();
        endpoint.SetQueueArgument("x-delivery-limit", DeliveryLimit);
        endpoint.SetQueueArgument("x-dead-letter-strategy", "at-least-once");
        endpoint.SetQueueArgument("x-overflow", "reject-publish");
        endpoint.BindDeadLetterQueue(QueueNames.Parked, QueueNames.Parked, parked =>
        {
            parked.SetQuorumQueue();
            parked.SetQueueArgument("x-max-length", ParkedAtMost);
        });
    }

    /// <summary>
    /// All workers' queues hang on one direct exchange, so that nothing stays on the broker of a worker that is gone. A full queue drops its oldest
    /// message rather than refuse the newest: MassTransit repeats a refused send for seconds, and an old offer has run out anyway.
    /// </summary>
    private static void Worker(IRabbitMqReceiveEndpointConfigurator endpoint, BusQueue queue)
    {
        endpoint.QueueExpiration = WorkerQueueOutlives;
        if (queue.MaxLength is { } length)
        {
            endpoint.SetQueueArgument("x-max-length", length);
        }

        // MassTransit would declare an exchange of the queue's name, which nothing ever deletes.
        var settings = (RabbitMqReceiveSettings)((RabbitMqReceiveEndpointConfiguration)endpoint).Settings;
        (settings.ExchangeName, settings.ExchangeType, settings.RoutingKey) = (QueueNames.Workers, "direct", queue.Name);
    }
}
