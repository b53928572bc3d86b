using RenderFarm.Coordinator.Scheduling;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Scheduling;

public sealed class ModelPacesTests
{
    private static readonly Dictionary<string, double> Ended = new() { ["digest"] = 0.01 };

    [Fact]
    public void A_new_job_takes_as_long_for_its_work_as_those_that_ended() =>
        Assert.Equal(TimeSpan.FromMilliseconds(20), FrameTimeOf(Waits(work: 2000)));

    [Fact]
    public void What_is_being_rendered_with_the_model_tells_more_than_what_ended() =>
        Assert.Equal(TimeSpan.FromMilliseconds(100), FrameTimeOf(Waits(work: 2000), Waits(work: 1000) with { FrameTime = TimeSpan.FromMilliseconds(50) }));

    [Fact]
    public void A_job_with_pictures_keeps_its_own_time() =>
        Assert.Equal(TimeSpan.FromMilliseconds(7), FrameTimeOf(Waits(work: 2000) with { FrameTime = TimeSpan.FromMilliseconds(7) }));

    [Fact]
    public void Of_a_model_that_was_never_rendered_with_nothing_is_known() =>
        Assert.Null(FrameTimeOf(Waits(work: 2000) with { ModelDigest = "new" }));

    private static TimeSpan? FrameTimeOf(params Demand[] demand) => ModelPaces.Fill(demand, Ended)[0].FrameTime;

    private static Demand Waits(double work) => new(Guid.NewGuid(), 0, 10, "emoji", "digest", JobClass.Standard, work, null, 64);
}
