using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Feed;

public sealed class FeedSubscriptionTests
{
    private readonly FarmFeed _feed = new(TimeProvider.System);
    private readonly Guid _job = Guid.NewGuid();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_reader_is_told_the_last_step_of_each_batch_that_moved()
    {
        using var reader = _feed.Subscribe(_job);
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        Progress(one, 1);
        Progress(other, 3);
        Progress(one, 2);

        Assert.Equal([(one, 2), (other, 3)], (await reader.NextAsync(Token)).Steps.Select(x => (x.AttemptId, x.Step)));
    }

    [Fact]
    public async Task A_reader_that_does_not_read_keeps_a_bounded_number_of_steps_and_the_last_is_one_of_them()
    {
        using var stuck = _feed.Subscribe(_job);
        var last = Guid.Empty;
        for (var batch = 0; batch < 20_000; batch++)
        {
            Progress(last = Guid.NewGuid(), 1);
        }

        var steps = (await stuck.NextAsync(Token)).Steps;
        Assert.InRange(steps.Count, 1, 1024);
        Assert.Contains(steps, x => x.AttemptId == last);
    }

    private void Progress(Guid attempt, int step) => _feed.Notify(new StepProgressed("gpu-01", _job, attempt, [1, 2], step, 20));
}
