using RenderFarm.Coordinator.Dashboard.Pages;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Tests.Dashboard.Pages;

public sealed class NewJobFormTests
{
    [Fact]
    public void The_untouched_form_asks_for_what_the_API_takes_as_defaults()
    {
        var errors = new FieldErrors();

        var request = new NewJobForm { Prompt = "a pizza", Count = "1" }.Read(errors);

        Assert.True(errors.IsEmpty);
        var expected = new JobRequest { Settings = new() { Prompt = "a pizza" } };
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(expected, FarmJson.Options), System.Text.Json.JsonSerializer.Serialize(request, FarmJson.Options));
    }

    [Fact]
    public void Typed_numbers_are_read_and_empty_ones_are_left_to_the_farm()
    {
        var form = new NewJobForm { Count = " 1000000 ", Width = "512", Height = "", Steps = "30", Guidance = "7.5", Seed = "9007199254740993", Priority = "-3", Class = JobClass.Batch };

        var request = form.Read(new FieldErrors());

        Assert.Equal((1_000_000, 512, null, 30, 7.5), (request.Count, request.Settings.Width, request.Settings.Height, request.Settings.Steps, request.Settings.Guidance));
        Assert.Equal((9007199254740993, -3, JobClass.Batch), (request.Settings.Seed, request.Priority, request.Class));
    }

    [Fact]
    public void What_is_no_number_is_an_error_of_its_field()
    {
        var errors = new FieldErrors();

        new NewJobForm { Count = "many", Steps = "1.5", Width = "99999999999", Guidance = "7,5", Seed = "0x10", Priority = "high" }.Read(errors);

        Assert.Equal(
            new Dictionary<string, string[]>
            {
                ["priority"] = ["Must be a whole number; got 'high'."],
                ["count"] = ["Must be a whole number; got 'many'."],
                ["settings.width"] = ["Must be a whole number; got '99999999999'."],
                ["settings.steps"] = ["Must be a whole number; got '1.5'."],
                ["settings.guidance"] = ["Must be a number; got '7,5'."],
                ["settings.seed"] = ["Must be a whole number; got '0x10'."],
            },
            errors.ToDictionary());
    }
}
