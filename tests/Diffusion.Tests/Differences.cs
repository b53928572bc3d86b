namespace RenderFarm.Diffusion.Tests;

/// <summary>Compares numbers by the largest difference, as a share of the largest expected value.</summary>
internal static class Differences
{
    public static double Largest(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        var largest = 0.0;
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(float.IsFinite(actual[i]), $"value {i} is {actual[i]}");
            largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i]));
        }

        return largest;
    }

    public static double LargestOf(ReadOnlySpan<float> values)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        return largest;
    }

    public static void AssertWithin(double share, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual)
    {
        var (difference, allowed) = (Largest(expected, actual), share * LargestOf(expected));
        Assert.True(difference <= allowed, $"the largest difference is {difference:g3}, allowed is {allowed:g3}");
    }

    /// <summary>Pictures: by at most one almost everywhere, by at most "most" anywhere.</summary>
    public static void AssertPicture(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> actual, int most)
    {
        Assert.Equal(expected.Length, actual.Length);
        var (worst, beyondOne) = (0, 0);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(expected[i] - actual[i]);
            worst = Math.Max(worst, difference);
            beyondOne += difference > 1 ? 1 : 0;
        }

        Assert.True(worst <= most, $"a value differs by {worst}, allowed is {most}");
        Assert.True(beyondOne <= expected.Length * 0.0001, $"{beyondOne} of {expected.Length} values differ by more than one");
    }
}
