using Microsoft.Extensions.Time.Testing;
using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Rendering.Supervision;

namespace RenderFarm.Worker.Tests.Rendering.Supervision;

public sealed class WatchdogTests
{
    private const int Steps = 20;
    private static readonly BatchKind Kind = new("emoji", 64, 96, 2, 1, false);
    private readonly FakeTimeProvider _time = new();
    private readonly BatchTimes _times = new();

    [Fact]
    public void A_step_may_take_twenty_times_what_was_measured()
    {
        Measure(start: 10, step: 5, finish: 10);
        var dog = Begun();
        Assert.Null(After(dog, 5 * 20));
        Assert.Equal("was still at step 1 of 20 for 00:01:41 (64x96, 2 rows), longer than 00:01:40", After(dog, 1));
        Step(dog, 2);
        Assert.Null(dog.Overdue());
    }

    [Fact]
    public void A_quick_step_may_take_thirty_seconds_and_start_and_finish_longer()
    {
        Measure(start: 0.1, step: 0.1, finish: 0.1);
        var dog = Dog();
        dog.Note(new SlotStatus("rendering", "emoji", 0, 0));
        Assert.Null(After(dog, 150));
        Assert.Contains("had done no step", After(dog, 1), StringComparison.Ordinal);

        dog = Begun();
        Assert.Null(After(dog, 30));
        Assert.NotNull(After(dog, 1));

        dog = Begun();
        Step(dog, Steps);
        Assert.Null(After(dog, 150));
        Assert.NotNull(After(dog, 1));
    }

    [Fact]
    public void All_that_comes_before_the_end_of_the_first_step_is_one_part()
    {
        var batch = new RunningBatch(1, new RenderWork("emoji", "", 0, [], []), new RowReports(0, new Progress<RowResult>()), new Progress<StepProgress>(), Dog());
        foreach (var status in new SlotStatus[] { new("rendering", "emoji", 0, 0), new("rendering", "emoji", 0, Steps), new("rendering", "emoji", 1, Steps) })
        {
            batch.Note(status);
            _time.Advance(TimeSpan.FromSeconds(2));
        }

        Assert.Equal(TimeSpan.FromSeconds(4), _times.P99(Kind, BatchPart.Start));
    }

    [Fact]
    public void A_batch_may_take_three_times_what_its_parts_did()
    {
        Measure(start: 20, step: 10, finish: 20);
        var dog = Begun();
        for (var step = 2; step < Steps; step++)
        {
            Assert.Null(After(dog, 38));
            Step(dog, step);
        }

        // The slow steps are measured too, so a device that became slower is no hang.
        Assert.Null(dog.Overdue());
        Assert.Equal(TimeSpan.FromSeconds(38), _times.P99(Kind, BatchPart.Step));
    }

    [Fact]
    public void What_was_never_measured_has_ten_minutes_and_loading_longer_by_size()
    {
        var dog = Dog(bytes: 20L << 20 << 5);
        dog.Note(new SlotStatus("loading", "emoji", 0, 0));
        Assert.Null(After(dog, 632));
        Assert.Contains("was still loading", After(dog, 1), StringComparison.Ordinal);
        dog = Begun();
        Assert.Null(After(dog, 600));
        Assert.NotNull(After(dog, 1));
    }

    [Fact]
    public void A_set_limit_replaces_the_measured_ones_but_not_that_of_loading()
    {
        Measure(start: 10, step: 5, finish: 10);
        var dog = Dog(TimeSpan.FromSeconds(3));
        dog.Note(new SlotStatus("loading", "emoji", 0, 0));
        Assert.Null(After(dog, 60));
        Step(dog, 1);
        Assert.Null(After(dog, 3));
        Assert.NotNull(After(dog, 1));
    }

    [Fact]
    public void Time_in_which_the_worker_itself_stood_still_does_not_count()
    {
        Measure(start: 0.1, step: 0.1, finish: 0.1);
        var dog = Begun();
        _time.Advance(TimeSpan.FromHours(8));
        Assert.Null(dog.Overdue());
        Assert.Null(After(dog, 25));
        Assert.NotNull(After(dog, 1));
    }

    [Fact]
    public void Steps_that_are_told_together_are_measured_each()
    {
        var dog = Begun();
        After(dog, 8);
        Step(dog, 5);
        Assert.Equal(TimeSpan.FromSeconds(2), _times.P99(Kind, BatchPart.Step));
        Assert.Equal(TimeSpan.FromSeconds(6), dog.StopWithin());
        Assert.Equal(TimeSpan.FromSeconds(5), new Watchdog(Kind with { Rows = 1 }, 0, _times, null, _time).StopWithin());
    }

    [Fact]
    public void The_slowest_of_a_hundred_counts_and_old_times_are_forgotten()
    {
        for (var took = 1; took <= 400; took++)
        {
            _times.Add(Kind, BatchPart.Step, TimeSpan.FromSeconds(401 - took));
        }

        Assert.Equal(TimeSpan.FromSeconds(254), _times.P99(Kind, BatchPart.Step));
        Assert.Null(_times.P99(Kind, BatchPart.Start));
    }

    private Watchdog Dog(TimeSpan? stepTimeout = null, long bytes = 0) => new(Kind, bytes, _times, stepTimeout, _time);

    private Watchdog Begun()
    {
        var dog = Dog();
        Step(dog, 1);
        return dog;
    }

    private void Measure(double start, double step, double finish)
    {
        _times.Add(Kind, BatchPart.Start, TimeSpan.FromSeconds(start));
        _times.Add(Kind, BatchPart.Step, TimeSpan.FromSeconds(step));
        _times.Add(Kind, BatchPart.Finish, TimeSpan.FromSeconds(finish));
    }

    private static void Step(Watchdog dog, int step) => dog.Note(new SlotStatus("rendering", "emoji", step, Steps));

    private string? After(Watchdog dog, int seconds)
    {
        string? overdue = null;
        for (var second = 0; second < seconds && overdue is null; second++)
        {
            _time.Advance(Watchdog.AskEvery);
            overdue = dog.Overdue();
        }

        return overdue;
    }
}
