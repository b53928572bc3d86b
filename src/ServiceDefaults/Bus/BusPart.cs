using MassTransit;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>What one host (or one half of the embedded farm) adds to the process's bus: its consumers and its queues.</summary>
public sealed record BusPart(Action<IBusRegistrationConfigurator> Consumers, IReadOnlyList<BusQueue> Queues);

/// <summary>A queue that this process consumes.</summary>
/// <param name="Name">Name on the broker; ignored for a <see cref="QueueKind.Feed"/>, whose name is random.</param>
/// <param name="Kind">Durability and lifetime.</param>
/// <param name="Prefetch">Messages taken from the broker before they are answered.</param>
/// <param name="Configure">Attaches the consumers.</param>
/// <param name="WaitsOut">Faults that pass by themselves: a message that meets one is kept and tried again until it does, however long that takes.</param>
/// <param name="MaxLength">Messages that wait at most while nobody consumes; the oldest make room. Null is no limit.</param>
public sealed record BusQueue(
    string Name, QueueKind Kind, int Prefetch, Action<IBusRegistrationContext, IReceiveEndpointConfigurator> Configure,
    Func<Exception, bool>? WaitsOut = null, int? MaxLength = null);

/// <summary>Durability and lifetime of a queue.</summary>
public enum QueueKind
{
    /// <summary>Durable, shared by all coordinators.</summary>
    Events,

    /// <summary>Belongs to one worker process; outlives a broken connection, and ends a minute after the process.</summary>
    Worker,

    /// <summary>Each process its own, transient: what is missed is looked up.</summary>
    Feed,
}
