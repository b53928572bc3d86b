namespace RenderFarm.Worker;

/// <summary>How long to wait before the next try: full jitter between nothing and a ceiling that doubles, so that many workers do not come back at once.</summary>
/// <param name="seed">Differs between workers.</param>
internal sealed class Backoff(long seed)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private ulong _state = (ulong)seed;
    private int _tries;

    /// <summary>The wait before the next try.</summary>
    public TimeSpan Next()
    {
        var ceiling = Math.Min(Longest.TotalMilliseconds, First.TotalMilliseconds * Math.Pow(2, Math.Min(_tries++, 16)));
        return First / 4 + TimeSpan.FromMilliseconds(ceiling * NextUnit());
    }

    // SplitMix64, Steele, Lea and Flood 2014, doi:10.1145/2714064.2660195.
    private double NextUnit()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
