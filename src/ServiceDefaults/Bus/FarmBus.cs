using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Puts the process's <see cref="BusPart"/>s on one MassTransit bus, in memory or on RabbitMQ.</summary>
public static class FarmBus
{
    // A message that still fails is dropped, not parked: commits are repeated by the worker until answered, everything else is caught by a deadline in the ledger.
    private static readonly TimeSpan[] Retries = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)];

    /// <summary>Adds consumers and queues to the bus that <see cref="AddFarmBus"/> builds.</summary>
    public static IServiceCollection AddBusPart(this IServiceCollection services, BusPart part) => services.AddSingleton(part);

    /// <summary>Builds the bus from section <c>Bus</c> and all parts added before.</summary>
    public static IServiceCollection AddFarmBus(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<BusOptions>().Bind(configuration.GetSection("Bus")).ValidateDataAnnotations().ValidateOnStart();
        var options = configuration.GetSection("Bus").Get<BusOptions>() ?? new BusOptions();
        var parts = services.Where(x => x.ServiceType == typeof(BusPart)).Select(x => x.ImplementationInstance).OfType<BusPart>().ToList();
        services.AddOptions<MassTransitHostOptions>().Configure(x =>
        {
            // Early messages would be lost if the host counted as started before its queues are bound.
            x.WaitUntilStarted = options.Transport == BusTransport.InMemory;
            x.StopTimeout = TimeSpan.FromSeconds(10);
        });
        services.AddSingleton<FarmSender>();
        services.AddMassTransit(bus =>
        {
            bus.DisableUsageTelemetry();
            foreach (var part in parts)
            {
                part.Consumers(bus);
            }

            if (options.Transport == BusTransport.InMemory)
            {
                bus.UsingInMemory((context, memory) => AddQueues(context, memory, parts));
            }
            else
            {
                bus.UsingRabbitMq((context, rabbit) =>
                {
                    rabbit.Host(options.Uri ?? new Uri("amqp://unset"), host => host.PublisherConfirmation = true);
                    TransientMessages(rabbit);
                    AddQueues(context, rabbit, parts);
                });
            }
        });
        return services;
    }

    private static void TransientMessages(IRabbitMqBusFactoryConfigurator rabbit)
    {
        rabbit.Publish<StepProgressed>(x => x.Durable = false);
        rabbit.Publish<JobChanged>(x => x.Durable = false);
        rabbit.Publish<WorkersChanged>(x => x.Durable = false);
    }

    private static void AddQueues(IBusRegistrationContext context, IBusFactoryConfigurator bus, List<BusPart> parts)
    {
        foreach (var queue in parts.SelectMany(x => x.Queues))
        {
            if (queue.Kind == QueueKind.Feed)
            {
                bus.ReceiveEndpoint(new TemporaryEndpointDefinition("farm-feed"), endpoint => Attach(context, endpoint, queue));
            }
            else
            {
                bus.ReceiveEndpoint(queue.Name, endpoint => Attach(context, endpoint, queue));
            }
        }
    }

    private static void Attach(IBusRegistrationContext context, IReceiveEndpointConfigurator endpoint, BusQueue queue)
    {
        endpoint.ConfigureConsumeTopology = queue.Kind == QueueKind.Feed;
        endpoint.PrefetchCount = queue.Prefetch;
        endpoint.PublishFaults = false;
        endpoint.DiscardFaultedMessages();
        endpoint.DiscardSkippedMessages();
        if (queue.Kind != QueueKind.Feed)
        {
            endpoint.UseMessageRetry(retry => retry.Intervals(Retries));
        }

        if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
        {
            switch (queue.Kind)
            {
                case QueueKind.Events:
                    rabbit.SetQuorumQueue();
                    rabbit.SetQueueArgument("x-delivery-limit", 5);
                    break;
                case QueueKind.Worker:
                    rabbit.AutoDelete = true;
                    break;
                case QueueKind.Feed:
                    rabbit.Durable = false;
                    rabbit.AutoDelete = true;
                    break;
                default:
                    throw new InvalidOperationException($"Unknown queue kind {queue.Kind}.");
            }
        }

        queue.Configure(context, endpoint);
    }
}
