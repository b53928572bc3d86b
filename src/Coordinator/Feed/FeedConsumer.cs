using MassTransit;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Feed;

/// <summary>Brings what other processes announce into this process's feed.</summary>
internal sealed class FeedConsumer(FarmFeed feed, IBus bus) : IConsumer<JobChanged>, IConsumer<WorkersChanged>, IConsumer<StepProgressed>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<JobChanged> context)
    {
        if (IsForeign(context))
        {
            feed.Notify(context.Message);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<WorkersChanged> context)
    {
        if (IsForeign(context))
        {
            feed.Notify(context.Message);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<StepProgressed> context)
    {
        feed.Notify(context.Message);
        return Task.CompletedTask;
    }

    /// <summary>What this process announced it knows already.</summary>
    private bool IsForeign(ConsumeContext context) => context.SourceAddress != bus.Address;
}
