using RenderFarm.Coordinator.Dashboard.Elements;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Dashboard.Elements;

public sealed class StateColourTests
{
    [Fact]
    public void Every_state_has_a_colour()
    {
        Assert.All(Enum.GetValues<JobState>(), state => Assert.StartsWith("is-", StateColour.Of(state), StringComparison.Ordinal));
        Assert.All(Enum.GetValues<FrameState>(), state => Assert.StartsWith("is-", StateColour.Of(state), StringComparison.Ordinal));
        Assert.All(Enum.GetValues<WorkerState>(), state => Assert.StartsWith("is-", StateColour.Of(state, isRendering: true), StringComparison.Ordinal));
    }

    [Fact]
    public void What_renders_is_blue_and_what_is_lost_or_failed_red_everywhere()
    {
        string[] rendering = [StateColour.Of(JobState.Running), StateColour.Of(FrameState.Rendering), StateColour.Of(WorkerState.Ready, isRendering: true)];
        string[] lost = [StateColour.Of(JobState.Failed), StateColour.Of(FrameState.Failed), StateColour.Of(WorkerState.Lost, isRendering: true)];

        Assert.All(rendering, colour => Assert.Equal(StateColour.Rendering, colour));
        Assert.All(lost, colour => Assert.Equal(StateColour.Lost, colour));
    }
}
