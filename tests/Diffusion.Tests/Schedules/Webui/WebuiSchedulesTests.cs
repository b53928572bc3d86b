using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Schedules.Webui;

namespace RenderFarm.Diffusion.Tests.Schedules.Webui;

public sealed class WebuiSchedulesTests
{
    private const string File = "webui_sigmas.json";

    public static IEnumerable<TheoryDataRow<int, string>> Goldens() =>
        GoldenRows.Of(File, _ => true, golden => $"{golden.GetProperty("schedule")} {golden.GetProperty("n")}");

    public static TheoryData<string> Names => [.. WebuiScheduleNames.All.Except([WebuiScheduleNames.Automatic])];

    internal static TrainedNoise Trained { get; } = new(Config);

    internal static SchedulerConfig Config => new() { BetaStart = 0.00085, BetaEnd = 0.012, BetaSchedule = "scaled_linear" };

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Sigmas_equal_the_reference(int index, string name)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        double[] expected = [.. golden.GetProperty("sigmas").EnumerateArray().Select(value => value.GetDouble())];
        var label = golden.GetProperty("schedule").GetString()!.Replace('_', ' ');
        var sigmas = WebuiSchedules.Sigmas(
            WebuiScheduleNames.All.Single(known => known.Equals(label, StringComparison.OrdinalIgnoreCase)), golden.GetProperty("n").GetInt32(), Trained, isSdxl: false);

        Assert.Equal(expected.Length, sigmas.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - sigmas[i]) <= 1e-5 * expected[i], $"{name}: level {i} is {sigmas[i]}, expected is {expected[i]}");
        }
    }

    [Fact]
    public void Align_your_steps_has_a_table_of_its_own_for_sdxl()
    {
        var sigmas = WebuiSchedules.Sigmas(WebuiScheduleNames.AlignYourSteps, 11, Trained, isSdxl: true);

        double[] published = [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029, 0];
        Assert.Equal(published.Length, sigmas.Length);
        Assert.All(published.Zip(sigmas), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Noise_falls_at_any_number_of_steps(string name)
    {
        foreach (var steps in new[] { 1, 2, 3, 7, 50, 150, 998 })
        {
            var sigmas = WebuiSchedules.Sigmas(name, steps, Trained, isSdxl: false);

            Assert.True(sigmas.Length > steps);
            Assert.All(sigmas.Zip(sigmas.Skip(1)), pair => Assert.True(pair.First > pair.Second, $"{steps} steps"));
        }
    }
}
