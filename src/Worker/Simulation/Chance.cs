namespace RenderFarm.Worker.Simulation;

/// <summary>Numbers that look random and follow from what they are for.</summary>
internal static class Chance
{
    /// <summary>A number for the <paramref name="use"/>-th use of a frame. SplitMix64, Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195.</summary>
    public static ulong Of(long seed, long index, int use) => Mix(Mix(Mix((ulong)seed) + (ulong)index) + (ulong)use);

    /// <summary>The same, at least 0 and below 1.</summary>
    public static double UnitOf(long seed, long index, int use) => (Of(seed, index, use) >> 11) * (1.0 / (1UL << 53));

    private static ulong Mix(ulong state)
    {
        var z = state + 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
