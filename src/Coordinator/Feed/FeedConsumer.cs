using MassTransit;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Feed;

/// <summary>Brings what other processes announce into this process's feed.</summary>
internal sealed class FeedConsumer(FarmFeed feed) : IConsumer<JobChanged>, IConsumer<WorkersChanged>, IConsumer<StepProgressed>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<JobChanged> context)
    {
        feed.Notify(context.Message);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<WorkersChanged> context)
    {
        feed.Notify(context.Message);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<StepProgressed> context)
    {
        feed.Notify(context.Message);
        return Task.CompletedTask;
    }
}
