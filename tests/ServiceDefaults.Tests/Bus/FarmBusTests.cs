using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit.Services;

namespace RenderFarm.ServiceDefaults.Tests.Bus;

public sealed class InMemoryBusTests : FarmBusTests
{
    protected override Uri? Broker => null;
}

public sealed class RabbitMqBusTests : FarmBusTests, IAsyncLifetime
{
    private TestRabbitMq? _broker;

    protected override Uri? Broker => _broker!.Uri;

    public async ValueTask InitializeAsync() => _broker = await TestRabbitMq.CreateVirtualHostAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _broker!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Two_coordinators_share_the_events_and_each_hears_the_feed()
    {
        await using var one = await StartAsync(Events, Feed);
        await using var other = await StartAsync(Events, Feed);
        await using var worker = await StartAsync();

        await worker.Sender.AnnounceAsync(new JobChanged(Guid.Empty, 3), Cancellation);
        Assert.Equal(new JobChanged(Guid.Empty, 3), await one.Inbox.NextAsync(Cancellation));
        Assert.Equal(new JobChanged(Guid.Empty, 3), await other.Inbox.NextAsync(Cancellation));

        await worker.Sender.ToCoordinatorAsync(new WorkerLeft("w", 1, "done"), Cancellation);
        var first = await Task.WhenAny(one.Inbox.NextAsync(Cancellation), other.Inbox.NextAsync(Cancellation));
        Assert.Equal(new WorkerLeft("w", 1, "done"), await first);
    }

    [Fact]
    public async Task Sending_to_a_worker_that_is_gone_says_so_and_does_not_bring_its_queue_back()
    {
        await using var coordinator = await StartAsync();
        await using (var worker = await StartAsync(BusProcess.Queue(QueueNames.Worker("w", 7), QueueKind.Worker)))
        {
            await coordinator.Sender.ToWorkerAsync("w", 7, new RejoinRequested("w", 7), Cancellation);
            Assert.IsType<RejoinRequested>(await worker.Inbox.NextAsync(Cancellation));
        }

        for (var i = 0; i < 2; i++)
        {
            var gone = await Assert.ThrowsAsync<QueueMissingException>(
                () => coordinator.Sender.ToWorkerAsync("w", 7, new RejoinRequested("w", 7), Cancellation));
            Assert.Contains("w.w.7", gone.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Reporting_while_no_coordinator_was_ever_there_says_so()
    {
        await using var worker = await StartAsync();
        await Assert.ThrowsAsync<QueueMissingException>(() => worker.Sender.ToCoordinatorAsync(new WorkerLeft("w", 1, "done"), Cancellation));
    }

    [Fact]
    public async Task Reports_wait_for_a_coordinator_that_is_away()
    {
        await using var worker = await StartAsync();
        await using (await StartAsync(Events))
        {
        }

        await worker.Sender.ToCoordinatorAsync(new WorkerLeft("w", 1, "while away"), Cancellation);
        await using var back = await StartAsync(Events);
        Assert.Equal(new WorkerLeft("w", 1, "while away"), await back.Inbox.NextAsync(Cancellation));
    }
}

/// <summary>What holds on both transports.</summary>
public abstract class FarmBusTests
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected abstract Uri? Broker { get; }

    internal static BusQueue Events => BusProcess.Queue(QueueNames.FarmEvents, QueueKind.Events);

    internal static BusQueue Feed => BusProcess.Queue("", QueueKind.Feed);

    [Fact]
    public async Task A_report_reaches_the_coordinators_queue()
    {
        await using var process = await StartAsync(Events);
        await process.Sender.ToCoordinatorAsync(new WorkerLeft("w", 1, "done"), Cancellation);
        Assert.Equal(new WorkerLeft("w", 1, "done"), await process.Inbox.NextAsync(Cancellation));
    }

    [Fact]
    public async Task A_message_to_a_worker_reaches_only_that_process()
    {
        await using var process = await StartAsync(BusProcess.Queue(QueueNames.Worker("w", 1), QueueKind.Worker));
        await process.Sender.ToWorkerAsync("w", 1, new RejoinRequested("w", 1), Cancellation);
        Assert.Equal(new RejoinRequested("w", 1), await process.Inbox.NextAsync(Cancellation));
    }

    [Fact]
    public async Task An_announcement_reaches_the_feed()
    {
        await using var process = await StartAsync(Feed);
        await process.Sender.AnnounceAsync(new JobChanged(Guid.Empty, 1), Cancellation);
        Assert.Equal(new JobChanged(Guid.Empty, 1), await process.Inbox.NextAsync(Cancellation));
    }

    internal Task<BusProcess> StartAsync(params BusQueue[] queues) => BusProcess.StartAsync(Broker, Cancellation, queues);
}
