using MassTransit;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Leases;
using RenderFarm.Coordinator.Workers;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator;

/// <summary>What the coordinator consumes: the workers' events, shared by all coordinators, and the feed, its own.</summary>
internal static class CoordinatorBus
{
    // Long enough that a busy farm commits many leases in one transaction, short enough to stay unnoticed on an idle one.
    private static readonly TimeSpan BatchWindow = TimeSpan.FromMilliseconds(10);

    // Nobody waits for the answer to a heartbeat: a thousand workers cost four transactions a second.
    private static readonly TimeSpan HeartbeatWindow = TimeSpan.FromMilliseconds(250);
    private const int BatchMessages = 64;
    private const int EventsPrefetch = 512;

    public static BusPart Part { get; } = new(AddConsumers, [
        new BusQueue(QueueNames.FarmEvents, QueueKind.Events, EventsPrefetch, ConfigureEvents, WaitsOut: DatabaseFaults.IsAway),
        new BusQueue("", QueueKind.Feed, EventsPrefetch, (context, endpoint) => endpoint.ConfigureConsumer<FeedConsumer>(context)),
    ]);

    private static void AddConsumers(IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<JoinWorker>();
        bus.AddConsumer<Heartbeat>(beats => Batched(beats, HeartbeatWindow));
        bus.AddConsumer<LeaveWorker>();
        bus.AddConsumer<FeedConsumer>();
        bus.AddConsumer<AcceptLeases>(batch => Batched(batch, BatchWindow));
        bus.AddConsumer<CommitFrames>(batch => Batched(batch, BatchWindow));
        bus.AddConsumer<EndLeases>(batch => Batched(batch, BatchWindow));
    }

    private static void Batched<T>(IConsumerConfigurator<T> consumer, TimeSpan window)
        where T : class => consumer.Options<BatchOptions>(batch => batch
            .SetMessageLimit(BatchMessages)
            .SetTimeLimit(window)
            .SetTimeLimitStart(BatchTimeLimitStart.FromFirst)
            .SetConcurrencyLimit(2));

    private static void ConfigureEvents(IBusRegistrationContext context, IReceiveEndpointConfigurator endpoint)
    {
        endpoint.ConfigureConsumer<JoinWorker>(context);
        endpoint.ConfigureConsumer<Heartbeat>(context);
        endpoint.ConfigureConsumer<LeaveWorker>(context);
        endpoint.ConfigureConsumer<AcceptLeases>(context);
        endpoint.ConfigureConsumer<CommitFrames>(context);
        endpoint.ConfigureConsumer<EndLeases>(context);
    }
}
