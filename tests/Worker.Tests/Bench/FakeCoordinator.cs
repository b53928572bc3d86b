using MassTransit;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Tests.Bench;

/// <summary>Keeps what workers report, answers commits, and lets tests wait for what they expect.</summary>
internal sealed class FakeCoordinator
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Lock _lock = new();
    private readonly List<object> _messages = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>How a report of rendered frames is answered; null stays silent. Commits everything unless changed.</summary>
    public Func<FramesRendered, FramesCommitted?> Answer { get; set; } = message => new FramesCommitted(message.AttemptId, [.. message.Frames.Select(frame => frame.Index)], []);

    public IReadOnlyList<object> Messages
    {
        get
        {
            lock (_lock)
            {
                return [.. _messages];
            }
        }
    }

    public IReadOnlyList<T> Of<T>() => [.. Messages.OfType<T>()];

    public IReadOnlyList<RenderedFrame> Rendered(Guid attempt) =>
        [.. Of<FramesRendered>().Where(message => message.AttemptId == attempt).SelectMany(message => message.Frames).DistinctBy(frame => frame.Index).OrderBy(frame => frame.Index)];

    public void Add(object message)
    {
        lock (_lock)
        {
            _messages.Add(message);
            _changed.TrySetResult();
            _changed = NewSignal();
        }
    }

    public Task<T> FirstAsync<T>(Func<T, bool>? wanted = null) => UntilAsync(() => Of<T>().FirstOrDefault(wanted ?? (_ => true)), typeof(T).Name);

    public Task RenderedAsync(Guid attempt, int frames) => UntilAsync(() => Rendered(attempt).Count >= frames ? this : null, $"{frames} rendered frames");

    public async Task<T> UntilAsync<T>(Func<T?> find, string what)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Patience);
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _changed.Task;
            }

            if (find() is { } found)
            {
                return found;
            }

            try
            {
                // Not every condition is changed by a message: the store's content, for one.
                await Task.WhenAny(changed, Task.Delay(20, deadline.Token));
                deadline.Token.ThrowIfCancellationRequested();
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"No {what} within {Patience}. Last heartbeat: {(Of<WorkerHeartbeat>() is [.., var last] ? last : null)}. Received: {string.Join("; ", Messages.Where(message => message is not (WorkerHeartbeat or StepProgressed)))}");
            }
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

internal sealed class FakeCoordinatorConsumer(FakeCoordinator coordinator, FarmSender sender) :
    IConsumer<WorkerJoined>, IConsumer<WorkerHeartbeat>, IConsumer<LeaseAccepted>, IConsumer<FramesRendered>, IConsumer<LeaseEnded>, IConsumer<WorkerLeft>, IConsumer<StepProgressed>
{
    public Task Consume(ConsumeContext<WorkerJoined> context) => KeepAsync(context.Message);

    public Task Consume(ConsumeContext<WorkerHeartbeat> context) => KeepAsync(context.Message);

    public Task Consume(ConsumeContext<LeaseAccepted> context) => KeepAsync(context.Message);

    public Task Consume(ConsumeContext<LeaseEnded> context) => KeepAsync(context.Message);

    public Task Consume(ConsumeContext<WorkerLeft> context) => KeepAsync(context.Message);

    public Task Consume(ConsumeContext<StepProgressed> context) => KeepAsync(context.Message);

    public async Task Consume(ConsumeContext<FramesRendered> context)
    {
        await KeepAsync(context.Message);
        if (coordinator.Answer(context.Message) is { } answer)
        {
            await sender.ToWorkerAsync(context.Message.Worker, context.Message.Epoch, answer, context.CancellationToken);
        }
    }

    private Task KeepAsync(object message)
    {
        coordinator.Add(message);
        return Task.CompletedTask;
    }
}
