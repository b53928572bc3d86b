namespace RenderFarm.Shared.Protocol;

/// <summary>Names of the queues on the broker.</summary>
public static class QueueNames
{
    /// <summary>Durable queue of all that workers report; every coordinator consumes it.</summary>
    public const string FarmEvents = "farm.events";

    /// <summary>Durable queue of events that no coordinator could make use of.</summary>
    public const string Parked = "farm.events.parked";

    /// <summary>The exchange on which all workers' queues hang.</summary>
    public const string Workers = "farm.workers";

    /// <summary>Short queue of one worker process.</summary>
    public static string Worker(string worker, long epoch) => $"w.{worker}.{epoch}";

    /// <summary>Address for a send to a queue of this name.</summary>
    public static Uri Address(string queue) => new($"queue:{queue}");
}
