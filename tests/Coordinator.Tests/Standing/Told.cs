using System.Threading.Channels;
using MassTransit;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Standing;

/// <summary>What workers were told, in the order of arrival.</summary>
internal sealed class Told
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Channel<object> _messages = Channel.CreateUnbounded<object>();

    /// <summary>Whether nothing more was told so far.</summary>
    public bool IsEmpty => !_messages.Reader.TryPeek(out _);

    public void Add(object message) => _messages.Writer.TryWrite(message);

    /// <summary>Waits for the next.</summary>
    public Task<object> NextAsync() =>
        _messages.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken);
}

internal sealed class ToldConsumer(Told told) : IConsumer<DrainRequested>, IConsumer<ResumeRequested>
{
    public Task Consume(ConsumeContext<DrainRequested> context) => KeepAsync(context.Message);

    public Task Consume(ConsumeContext<ResumeRequested> context) => KeepAsync(context.Message);

    private Task KeepAsync(object message)
    {
        told.Add(message);
        return Task.CompletedTask;
    }
}
