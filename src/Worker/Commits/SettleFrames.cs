using MassTransit;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Commits;

/// <summary>The coordinators have answered a report of rendered frames.</summary>
internal sealed class SettleFrames(FrameCommits commits) : IConsumer<FramesCommitted>
{
    public Task Consume(ConsumeContext<FramesCommitted> context)
    {
        commits.Settle(context.Message);
        return Task.CompletedTask;
    }
}
