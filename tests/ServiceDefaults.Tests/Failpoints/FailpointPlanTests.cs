using RenderFarm.ServiceDefaults.Failpoints;

namespace RenderFarm.ServiceDefaults.Tests.Failpoints;

public sealed class FailpointPlanTests
{
    [Theory]
    [InlineData("kill", FailpointAction.Kill)]
    [InlineData("hang", FailpointAction.Hang)]
    [InlineData("throw", FailpointAction.Throw)]
    [InlineData("oom", FailpointAction.Oom)]
    [InlineData("segv", FailpointAction.Segv)]
    [InlineData("abort", FailpointAction.Abort)]
    [InlineData("exit", FailpointAction.Exit)]
    public void A_named_place_does_what_the_plan_says_every_time(string word, FailpointAction action)
    {
        var plan = FailpointPlan.Parse($"upload.after_put:{word}");
        Assert.Equal(action, plan.Reached("upload.after_put", null));
        Assert.Equal(action, plan.Reached("upload.after_put", "anything"));
        Assert.Null(plan.Reached("upload", null));
    }

    [Fact]
    public void A_place_with_a_number_does_it_that_one_time()
    {
        var plan = FailpointPlan.Parse("render.step:kill@3");
        Assert.Equal([null, null, FailpointAction.Kill, null], Enumerable.Range(0, 4).Select(_ => plan.Reached("render.step", null)));
    }

    [Fact]
    public void A_place_with_a_text_does_it_only_to_what_contains_the_text_and_counts_only_that()
    {
        var plan = FailpointPlan.Parse("render.row=a poison:segv@2");
        Assert.Null(plan.Reached("render.row", null));
        Assert.Null(plan.Reached("render.row", "a dog"));
        Assert.Null(plan.Reached("render.row", "a poison apple"));
        Assert.Null(plan.Reached("render.row", "a dog"));
        Assert.Equal(FailpointAction.Segv, plan.Reached("render.row", "a poison apple"));
    }

    [Fact]
    public void Several_places_are_joined_by_commas()
    {
        var plan = FailpointPlan.Parse("one:throw, two:hang@2,");
        Assert.Equal(FailpointAction.Throw, plan.Reached("one", null));
        Assert.Null(plan.Reached("two", null));
        Assert.Equal(FailpointAction.Hang, plan.Reached("two", null));
    }

    [Theory]
    [InlineData("one")]
    [InlineData("one:")]
    [InlineData("one:explode")]
    [InlineData("one:7")]
    [InlineData("one:kill@0")]
    [InlineData("ONE:kill")]
    public void A_plan_that_cannot_be_read_says_what_is_expected(string text)
    {
        var problem = Assert.Throws<FormatException>(() => FailpointPlan.Parse(text));
        Assert.Contains($"'{text}'", problem.Message, StringComparison.Ordinal);
        Assert.Contains("kill, hang, throw, oom, segv, abort, exit", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_variable_a_place_does_nothing()
    {
        Assert.False(Failpoint.IsArmed);
        Failpoint.Reach("dispatch.after_commit");
    }
}
