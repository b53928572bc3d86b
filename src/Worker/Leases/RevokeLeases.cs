using MassTransit;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Commits;

namespace RenderFarm.Worker.Leases;

/// <summary>Leases are taken back: rendering stops at the next step, and nothing more of them is reported.</summary>
internal sealed class RevokeLeases(HeldLeases leases, FrameCommits commits) : IConsumer<LeasesRevoked>
{
    public Task Consume(ConsumeContext<LeasesRevoked> context)
    {
        foreach (var lease in leases.Revoke([.. context.Message.Attempts], context.Message.Reason))
        {
            commits.Drop(lease);
        }

        return Task.CompletedTask;
    }
}
