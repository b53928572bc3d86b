namespace RenderFarm.Shared.Protocol;

/// <summary>Names of the queues on the broker.</summary>
public static class QueueNames
{
    /// <summary>Durable queue of all that workers report; every coordinator consumes it.</summary>
    public const string FarmEvents = "farm.events";

    /// <summary>Short queue of one worker process.</summary>
    public static string Worker(string worker, long epoch) => $"w.{worker}.{epoch}";

    /// <summary>Address for a send to a queue of this name.</summary>
    public static Uri Address(string queue) => new($"queue:{queue}");
}
