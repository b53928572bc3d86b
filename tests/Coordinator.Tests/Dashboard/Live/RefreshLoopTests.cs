using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using RenderFarm.Coordinator.Dashboard.Live;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Dashboard.Live;

public sealed class RefreshLoopTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly FarmFeed _feed;
    private readonly ConcurrentQueue<(LiveChange Change, DateTimeOffset At)> _refreshes = new();

    public RefreshLoopTests() => _feed = new FarmFeed(_time);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_storm_of_changes_costs_four_refreshes_a_second()
    {
        var job = Guid.NewGuid();
        await RunAsync(RefreshLoop.Least, refreshes: 6, () => _feed.Notify(new JobChanged(job, 1)));

        AssertNoMoreOftenThan(RefreshLoop.Least, _refreshes);
        Assert.All(_refreshes, refresh => Assert.Equal(LiveChange.Data, refresh.Change));
    }

    [Fact]
    public async Task Data_is_read_no_more_often_than_the_page_wants_while_steps_go_on()
    {
        var (job, attempt) = (Guid.NewGuid(), Guid.NewGuid());
        var second = TimeSpan.FromSeconds(1);
        await RunAsync(second, refreshes: 12, () =>
        {
            _feed.Notify(new JobChanged(job, 1));
            _feed.Notify(new StepProgressed("one", job, attempt, [0], 1, 20));
        });

        var reads = _refreshes.Where(refresh => refresh.Change == LiveChange.Data).ToList();
        Assert.True(reads.Count >= 2);
        AssertNoMoreOftenThan(second, reads);
        Assert.Contains(_refreshes, refresh => refresh.Change == LiveChange.Steps);
    }

    [Fact]
    public async Task Steps_alone_read_no_data()
    {
        var (job, attempt) = (Guid.NewGuid(), Guid.NewGuid());
        await RunAsync(RefreshLoop.Least, refreshes: 5, () => _feed.Notify(new StepProgressed("one", job, attempt, [0], 1, 20)));

        Assert.Equal([LiveChange.Data, LiveChange.Steps, LiveChange.Steps, LiveChange.Steps, LiveChange.Steps], _refreshes.Take(5).Select(refresh => refresh.Change));
    }

    [Fact]
    public async Task Without_changes_a_page_is_refreshed_every_few_seconds()
    {
        await RunAsync(RefreshLoop.Least, refreshes: 3, () => { });

        AssertNoMoreOftenThan(RefreshLoop.Most, _refreshes);
    }

    [Fact]
    public async Task Changes_of_other_jobs_leave_a_jobs_page_alone()
    {
        await RunAsync(RefreshLoop.Least, refreshes: 2, () => _feed.Notify(new JobChanged(Guid.NewGuid(), 1)), job: Guid.NewGuid());

        AssertNoMoreOftenThan(RefreshLoop.Most, _refreshes);
    }

    /// <summary>The clock runs on while the loop works, so single gaps say nothing; how many fit into the whole time does.</summary>
    private void AssertNoMoreOftenThan(TimeSpan least, IReadOnlyCollection<(LiveChange Change, DateTimeOffset At)> refreshes) =>
        Assert.InRange(refreshes.Count, 2, ((refreshes.Last().At - _time.Start) / least) + 1);

    private async Task RunAsync(TimeSpan dataEvery, int refreshes, Action onTick, Guid? job = null)
    {
        using var left = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (before, turns) = (SynchronizationContext.Current, new Turns());
        Task running;
        try
        {
            SynchronizationContext.SetSynchronizationContext(turns);
            running = new RefreshLoop(_feed, job, dataEvery, _time).RunAsync(RecordAsync, left.Token);
            while (_refreshes.Count < refreshes)
            {
                Token.ThrowIfCancellationRequested();
                onTick();
                turns.Take();
                _time.Advance(Tick);
                turns.Take();
            }

            left.Cancel();
            while (!running.IsCompleted)
            {
                turns.Take();
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    private Task RecordAsync(LiveChange change)
    {
        _refreshes.Enqueue((change, _time.GetUtcNow()));
        return Task.CompletedTask;
    }

    /// <summary>The loop goes on in the test's own thread: however busy the machine is, no time passes while it works.</summary>
    private sealed class Turns : SynchronizationContext
    {
        private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _waiting = new();

        public override void Post(SendOrPostCallback d, object? state) => _waiting.Enqueue((d, state));

        public void Take()
        {
            while (_waiting.TryDequeue(out var next))
            {
                next.Callback(next.State);
            }
        }
    }
}
