using RabbitMQ.Client;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit.Farms;
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

    private static BusQueue Worker(long epoch) => BusProcess.Queue(QueueNames.Worker("w", epoch), QueueKind.Worker);

    private Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = Broker! }.CreateConnectionAsync(Cancellation);

    /// <summary>As workers and coordinators do: what could not be sent is sent again.</summary>
    private static Task<bool> AgainAsync(Func<Task> send) => Eventually.IsAsync(
        async () =>
        {
            await send().WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
            return true;
        },
        _ => true, TimeSpan.FromMinutes(2), null, Cancellation);

    private static async Task HearsAsync<T>(Inbox inbox)
    {
        while (await inbox.NextAsync(Cancellation) is not T)
        {
        }
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
        await using (var worker = await StartAsync(Worker(7)))
        {
            await coordinator.Sender.ToWorkerAsync("w", 7, new RejoinRequested("w", 7), Cancellation);
            Assert.IsType<RejoinRequested>(await worker.Inbox.NextAsync(Cancellation));
        }

        await using var broker = await ConnectAsync();
        await using var channel = await broker.CreateChannelAsync(cancellationToken: Cancellation);
        await channel.QueueDeleteAsync("w.w.7", cancellationToken: Cancellation);
        for (var i = 0; i < 2; i++)
        {
            var gone = await Assert.ThrowsAsync<QueueMissingException>(
                () => coordinator.Sender.ToWorkerAsync("w", 7, new RejoinRequested("w", 7), Cancellation));
            Assert.Contains("w.w.7", gone.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_a_worker_is_sent_while_its_connection_is_broken_arrives_when_it_is_back()
    {
        await using var coordinator = await StartAsync();
        await using (await StartAsync(Worker(8)))
        {
        }

        await coordinator.Sender.ToWorkerAsync("w", 8, new RejoinRequested("w", 8), Cancellation);
        await using var back = await StartAsync(Worker(8));
        Assert.Equal(new RejoinRequested("w", 8), await back.Inbox.NextAsync(Cancellation));
    }

    [Fact]
    public async Task In_the_full_queue_of_a_worker_the_oldest_message_makes_room()
    {
        await using var coordinator = await StartAsync();
        await using (await StartAsync(Worker(9) with { MaxLength = 2 }))
        {
        }

        for (var i = 1; i <= 4; i++)
        {
            await coordinator.Sender.ToWorkerAsync("w", 9, new RejoinRequested($"message {i}", 9), Cancellation);
        }

        await using var back = await StartAsync(Worker(9) with { MaxLength = 2 });
        // A consumer handles what it has fetched side by side, so the two come in any order.
        object[] kept = [await back.Inbox.NextAsync(Cancellation), await back.Inbox.NextAsync(Cancellation)];
        Assert.Equal(["message 3", "message 4"], kept.Cast<RejoinRequested>().Select(x => x.Worker).Order());
    }

    [Fact]
    public async Task After_a_broker_was_wiped_all_queues_are_there_again()
    {
        await using var coordinator = await StartAsync(Events, Feed);
        await using var worker = await StartAsync(Worker(10));
        await worker.Sender.ToCoordinatorAsync(new WorkerLeft("w", 10, "before"), Cancellation);
        await coordinator.Sender.ToWorkerAsync("w", 10, new RejoinRequested("w", 10), Cancellation);
        Assert.IsType<WorkerLeft>(await coordinator.Inbox.NextAsync(Cancellation));
        Assert.IsType<RejoinRequested>(await worker.Inbox.NextAsync(Cancellation));

        await _broker!.WipeAsync(Cancellation);

        await AgainAsync(() => worker.Sender.ToCoordinatorAsync(new WorkerLeft("w", 10, "after"), Cancellation));
        await AgainAsync(() => coordinator.Sender.ToWorkerAsync("w", 10, new RejoinRequested("w", 10), Cancellation));
        Assert.Equal(new WorkerLeft("w", 10, "after"), await coordinator.Inbox.NextAsync(Cancellation));
        Assert.IsType<RejoinRequested>(await worker.Inbox.NextAsync(Cancellation));

        // The feed's queue comes back by itself, so an announcement may be too early; and what was sent again may arrive twice.
        var heard = HearsAsync<JobChanged>(coordinator.Inbox);
        await Eventually.IsAsync(
            async () =>
            {
                await worker.Sender.AnnounceAsync(new JobChanged(Guid.Empty, 1), Cancellation).WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
                return heard.IsCompletedSuccessfully;
            },
            x => x, TimeSpan.FromMinutes(2), null, Cancellation);
    }

    [Fact]
    public async Task An_event_that_no_coordinator_can_use_is_set_aside()
    {
        await using var coordinator = await StartAsync(Events);
        coordinator.Inbox.Fault = () => new InvalidOperationException("This one is poison.");
        await coordinator.Sender.ToCoordinatorAsync(new WorkerLeft("poison", 1, "done"), Cancellation);

        await using var broker = await ConnectAsync();
        await using var channel = await broker.CreateChannelAsync(cancellationToken: Cancellation);
        var parked = await Eventually.IsAsync(
            () => channel.BasicGetAsync(QueueNames.Parked, autoAck: true, Cancellation), message => message is not null, TimeSpan.FromMinutes(2), null, Cancellation);
        Assert.Contains("poison", System.Text.Encoding.UTF8.GetString(parked!.Body.Span), StringComparison.Ordinal);
        coordinator.Inbox.Fault = () => null;
        await coordinator.Sender.ToCoordinatorAsync(new WorkerLeft("sound", 1, "done"), Cancellation);
        Assert.Equal(new WorkerLeft("sound", 1, "done"), await coordinator.Inbox.NextAsync(Cancellation));
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

    [Fact]
    public async Task A_poisonous_event_is_set_aside_and_the_others_of_its_batch_are_handled()
    {
        await using var process = await StartAsync(Events);
        var handled = new List<string>();
        await process.Batches.HandleAsync(
            [new WorkerLeft("one", 1, ""), new WorkerLeft("poison", 1, ""), new WorkerLeft("two", 1, "")],
            events =>
            {
                handled.AddRange(events.Any(x => x.Worker == "poison") ? throw new InvalidOperationException("Poison.") : events.Select(x => x.Worker));
                return Task.CompletedTask;
            },
            fault => fault is TimeoutException, Cancellation);
        Assert.Equal(["one", "two"], handled);
    }

    [Fact]
    public async Task A_batch_waits_for_what_is_away_as_a_whole()
    {
        await using var process = await StartAsync();
        var tries = 0;
        await Assert.ThrowsAsync<TimeoutException>(() => process.Batches.HandleAsync<WorkerLeft>(
            [new WorkerLeft("one", 1, ""), new WorkerLeft("two", 1, "")],
            _ => ++tries > 0 ? throw new TimeoutException("The database is away.") : Task.CompletedTask,
            fault => fault is TimeoutException, Cancellation));
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task An_event_is_kept_for_as_long_as_what_it_needs_is_away()
    {
        await using var process = await StartAsync(Events);
        var tries = 0;
        process.Inbox.Fault = () => Interlocked.Increment(ref tries) < 6 ? new TimeoutException("The database is away.") : null;
        await process.Sender.ToCoordinatorAsync(new WorkerLeft("w", 1, "kept"), Cancellation);
        Assert.Equal(new WorkerLeft("w", 1, "kept"), await process.Inbox.NextAsync(Cancellation));
        Assert.Equal(6, tries);
    }

    internal Task<BusProcess> StartAsync(params BusQueue[] queues) => BusProcess.StartAsync(Broker, Cancellation, queues);
}
