using System.Globalization;
using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Tests.Noise;

public sealed class PhiloxRandomTests
{
    private const string File = "rng_philox.json";

    public static IEnumerable<TheoryDataRow<int, string>> Goldens() =>
        GoldenRows.Of(File, _ => true, golden => $"seed {golden.GetProperty("seed")} shape {golden.GetProperty("shape")}");

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Two_draws_in_a_row_equal_the_reference(int index, string name)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        var random = new PhiloxRandom(long.Parse(golden.GetProperty("seed").GetString()!, CultureInfo.InvariantCulture));
        var size = golden.GetProperty("shape").EnumerateArray().Aggregate(1, (product, side) => product * side.GetInt32());
        foreach (var draw in new[] { "first", "second" })
        {
            var values = new float[size];
            random.FillNormal(values);

            float[] expected = [.. golden.GetProperty(draw).EnumerateArray().Select(value => value.GetSingle())];
            Assert.True(Differences.Largest(expected, values.AsSpan(0, expected.Length)) <= 2e-6, $"{name} {draw}");
        }
    }

    [Fact]
    public void Seeds_that_differ_in_their_upper_half_alone_give_other_noise()
    {
        var (low, high) = (new float[16], new float[16]);
        new PhiloxRandom(7).FillNormal(low);
        new PhiloxRandom(7 + (1L << 32)).FillNormal(high);

        Assert.NotEqual(low, high);
    }
}
