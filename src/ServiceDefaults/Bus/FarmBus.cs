using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Puts the process's <see cref="BusPart"/>s on one MassTransit bus, in memory or on RabbitMQ.</summary>
public static class FarmBus
{
    private static readonly TimeSpan[] Retries = [TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(500)];
    private static readonly TimeSpan WaitEvery = TimeSpan.FromSeconds(1);

    // A broker takes back what was not answered in half an hour, and hands it out again.
    private const int WaitRounds = 2000;

    // Cut connections are noticed after two of these; a busy machine must not miss them.
    private static readonly TimeSpan BrokerHeartbeat = TimeSpan.FromSeconds(10);

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
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<FarmSender>();
        services.AddSingleton<WorkerHints>();
        services.AddSingleton<EventBatches>();
        services.AddSingleton(provider => new BusPresence(provider.GetRequiredService<IBusControl>(), provider.GetRequiredService<BrokerWait>()));
        services.AddSingleton<BrokerWait>();
        services.AddBusObserver(provider => provider.GetRequiredService<BrokerWait>());
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
                    rabbit.Host(options.Uri ?? new Uri("amqp://unset"), host => Connect(host, context.GetRequiredService<BrokerWait>()));
                    RabbitMqTopology.TransientMessages(rabbit);
                    AddQueues(context, rabbit, parts);
                });
            }
        });
        return services;
    }

    private static void Connect(IRabbitMqHostConfigurator host, BrokerWait wait)
    {
        host.PublisherConfirmation = true;
        host.Heartbeat(BrokerHeartbeat);
        host.OnRefreshConnectionFactory = _ => wait.UntilThereAsync();
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
        endpoint.DiscardSkippedMessages();
        Retry(endpoint, queue);
        if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit)
        {
            RabbitMqTopology.Shape(rabbit, queue);
        }

        queue.Configure(context, endpoint);
    }

    private static void Retry(IReceiveEndpointConfigurator endpoint, BusQueue queue)
    {
        if (queue.Kind == QueueKind.Events && endpoint is IRabbitMqReceiveEndpointConfigurator)
        {
            // Back to the queue, and after some rounds to the parked messages.
            endpoint.RethrowFaultedMessages();
        }
        else
        {
            endpoint.DiscardFaultedMessages();
        }

        if (queue.Kind == QueueKind.Feed)
        {
            return;
        }

        if (queue.WaitsOut is { } passes)
        {
            // Unanswered messages stay the broker's, and it hands out no more than the prefetch: waiting costs no memory.
            endpoint.UseMessageRetry(retry =>
            {
                retry.Handle(passes);
                retry.Interval(WaitRounds, WaitEvery);
            });
        }

        endpoint.UseMessageRetry(retry =>
        {
            retry.Ignore<Exception>(fault => queue.WaitsOut?.Invoke(fault) == true);
            retry.Intervals(Retries);
        });
    }
}
