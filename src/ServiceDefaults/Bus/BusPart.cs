using MassTransit;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>What one host (or one half of the embedded farm) adds to the process's bus: its consumers and its queues.</summary>
public sealed record BusPart(Action<IBusRegistrationConfigurator> Consumers, IReadOnlyList<BusQueue> Queues);

/// <summary>A queue that this process consumes.</summary>
/// <param name="Name">Name on the broker; ignored for a <see cref="QueueKind.Feed"/>, whose name is random.</param>
/// <param name="Kind">Durability and lifetime.</param>
/// <param name="Prefetch">Messages taken from the broker before they are answered.</param>
/// <param name="Configure">Attaches the consumers.</param>
public sealed record BusQueue(string Name, QueueKind Kind, int Prefetch, Action<IBusRegistrationContext, IReceiveEndpointConfigurator> Configure);

/// <summary>Durability and lifetime of a queue.</summary>
public enum QueueKind
{
    /// <summary>Durable, shared by all coordinators.</summary>
    Events,

    /// <summary>Belongs to one worker process and ends with it.</summary>
    Worker,

    /// <summary>Each process its own, transient: what is missed is looked up.</summary>
    Feed,
}
