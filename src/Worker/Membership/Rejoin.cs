using MassTransit;
using Microsoft.Extensions.Logging;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Membership;

/// <summary>The coordinators do not know this worker: it says again what it is.</summary>
internal sealed partial class Rejoin(FarmMembership membership, WorkerIdentity me, ILogger<Rejoin> logger) : IConsumer<RejoinRequested>
{
    public Task Consume(ConsumeContext<RejoinRequested> context)
    {
        if (membership.HasJoined)
        {
            LogRejoining(me.Name, me.Epoch);
            membership.Join();
        }

        return Task.CompletedTask;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The coordinators do not know worker {WorkerId} epoch {Epoch}; it joins again. If this repeats, another process has the same Worker:Name")]
    private partial void LogRejoining(string workerId, long epoch);
}
