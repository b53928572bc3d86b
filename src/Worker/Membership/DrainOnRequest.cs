using MassTransit;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;

namespace RenderFarm.Worker.Membership;

/// <summary>A person wants this worker to finish what it has and take no more, or to go on.</summary>
internal sealed class DrainOnRequest(HeldLeases leases, WorkerIdentity me) : IConsumer<DrainRequested>, IConsumer<ResumeRequested>
{
    public Task Consume(ConsumeContext<DrainRequested> context)
    {
        if (context.Message.Epoch == me.Epoch)
        {
            leases.Close(Closing.Asked, context.Message.Reason);
        }

        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<ResumeRequested> context)
    {
        if (context.Message.Epoch == me.Epoch)
        {
            leases.Open(Closing.Asked);
        }

        return Task.CompletedTask;
    }
}
