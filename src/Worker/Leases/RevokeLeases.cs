using MassTransit;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Commits;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Leases;

/// <summary>Leases are taken back: rendering stops at the next step. What is rendered already goes, unless it may still be committed.</summary>
internal sealed class RevokeLeases(HeldLeases leases, PictureSpool spool, FrameCommits commits) : IConsumer<LeasesRevoked>
{
    public Task Consume(ConsumeContext<LeasesRevoked> context)
    {
        leases.Revoke(context.Message.Attempts, context.Message.Reason);
        foreach (var attempt in context.Message.MayCommit ? [] : context.Message.Attempts)
        {
            spool.Unwant(attempt);
            commits.Drop(attempt);
        }

        return Task.CompletedTask;
    }
}
