using Microsoft.Extensions.Time.Testing;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Rendering.Child;

namespace RenderFarm.Worker.Tests.Rendering.Child;

public sealed class StatusReportsTests
{
    [Fact]
    public void The_first_and_the_last_step_are_told_and_of_those_between_some()
    {
        var time = new FakeTimeProvider();
        var told = new List<FromProcess>();
        var reports = new StatusReports(told.Add, time);
        var loading = new SlotStatus("loading", "emoji", 0, 0);
        reports.Tell(0, loading);
        for (var step = 0; step <= 20; step++)
        {
            reports.Tell(0, Rendering(step));
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        SlotStatus[] expected = [loading, .. new[] { 0, 1, 6, 11, 16, 20 }.Select(Rendering)];
        Assert.Equal(expected, told.Cast<StatusChanged>().Select(message => message.Status));
    }

    private static SlotStatus Rendering(int step) => new("rendering", "emoji", step, 20);
}
