using System.Globalization;
using System.Text.Json;
using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Tests.Noise;

public sealed class TorchRandomTests
{
    private const string File = "rng_torch_cpu.json";

    public static IEnumerable<TheoryDataRow<int, string>> Goldens() =>
        GoldenRows.Of(File, _ => true, golden => $"seed {golden.GetProperty("seed")} shape {golden.GetProperty("shape")}");

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Two_draws_in_a_row_equal_torch(int index, string name)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        var random = new TorchRandom(long.Parse(golden.GetProperty("seed").GetString()!, CultureInfo.InvariantCulture));
        var size = golden.GetProperty("shape").EnumerateArray().Aggregate(1, (product, side) => product * side.GetInt32());

        var first = new float[size];
        random.FillNormal(first);
        var second = new float[size];
        random.FillNormal(second);

        // A case states the beginning and the end of the first draw and the beginning of the second.
        var (expectedFirst, expectedLast, expectedSecond) = (Floats(golden, "first"), Floats(golden, "last"), Floats(golden, "second"));
        Assert.True(Differences.Largest(expectedFirst, first.AsSpan(0, expectedFirst.Length)) <= 1e-6, name);
        Assert.True(Differences.Largest(expectedLast, first.AsSpan(size - expectedLast.Length)) <= 1e-6, name);
        Assert.True(Differences.Largest(expectedSecond, second.AsSpan(0, expectedSecond.Length)) <= 1e-6, name);
    }

    private static float[] Floats(JsonElement element, string name) => [.. element.GetProperty(name).EnumerateArray().Select(value => value.GetSingle())];
}
