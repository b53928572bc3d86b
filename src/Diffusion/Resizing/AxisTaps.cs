namespace RenderFarm.Diffusion.Resizing;

/// <summary>
/// For each place of a resized axis, which places of the old one it is made of, and by what weights. Place i covers i to i + 1;
/// c is the centre of a new place on the old axis, s = old length / new length.
/// </summary>
/// <param name="Count">Taps per place.</param>
internal sealed record AxisTaps(int Count, int[] Indices, double[] Weights)
{
    // Keys, "Cubic Convolution Interpolation for Digital Image Processing", 1981, as torch takes its constant.
    private const double TorchCubic = -0.75;

    /// <summary>A filter as wide as the new places are on the old axis, so that no old place is skipped; weights sum to 1.</summary>
    public static AxisTaps Filtered(int from, int to, ResampleFilter filter) => Filtered(from, to, filter, new Places(0, to));

    /// <summary>Only a stretch of the new axis; before its first place and after its last, that one again.</summary>
    public static AxisTaps Filtered(int from, int to, ResampleFilter filter, Places places)
    {
        var scale = (double)from / to;
        var stretch = Math.Max(scale, 1);
        var support = filter.Support * stretch;
        var taps = Empty(places.Count, (2 * (int)Math.Ceiling(support)) + 1);
        for (var i = 0; i < places.Count; i++)
        {
            var centre = (Math.Clamp(places.First + i, 0, to - 1) + 0.5) * scale;
            var first = Math.Max((int)(centre - support + 0.5), 0);
            var count = Math.Min((int)(centre + support + 0.5), from) - first;
            var weights = taps.Weights.AsSpan(i * taps.Count, taps.Count);
            var sum = 0.0;
            for (var tap = 0; tap < taps.Count; tap++)
            {
                taps.Indices[(i * taps.Count) + tap] = Math.Min(first + tap, from - 1);
                weights[tap] = tap < count ? filter.Weight((first + tap - centre + 0.5) / stretch) : 0;
                sum += weights[tap];
            }

            for (var tap = 0; tap < count; tap++)
            {
                weights[tap] /= sum;
            }
        }

        return taps;
    }

    /// <summary>The old place at floor(i * s).</summary>
    public static AxisTaps Nearest(int from, int to) => Single(from, to, offset: 0);

    /// <summary>The old place at floor((i + 0.5) * s), which holds the centre.</summary>
    public static AxisTaps NearestExact(int from, int to) => Single(from, to, offset: 0.5f);

    /// <summary>The two old places around the centre.</summary>
    public static AxisTaps Linear(int from, int to)
    {
        var taps = Empty(to, 2);
        for (var i = 0; i < to; i++)
        {
            var at = Math.Max(Centre(i, from, to), 0);
            var first = Math.Min((int)at, from - 1);
            (taps.Indices[2 * i], taps.Indices[(2 * i) + 1]) = (first, Math.Min(first + 1, from - 1));
            (taps.Weights[2 * i], taps.Weights[(2 * i) + 1]) = (1 - (at - first), at - first);
        }

        return taps;
    }

    /// <summary>The four old places around the centre; beyond the edge, the edge again.</summary>
    public static AxisTaps Cubic(int from, int to)
    {
        var taps = Empty(to, 4);
        for (var i = 0; i < to; i++)
        {
            var at = Centre(i, from, to);
            var floor = (int)MathF.Floor(at);
            for (var tap = 0; tap < 4; tap++)
            {
                taps.Indices[(4 * i) + tap] = Math.Clamp(floor - 1 + tap, 0, from - 1);
                taps.Weights[(4 * i) + tap] = ResampleFilter.Cubic(at - (floor - 1 + tap), TorchCubic);
            }
        }

        return taps;
    }

    private static float Centre(int i, int from, int to) => ((float)from / to * (i + 0.5f)) - 0.5f;

    private static AxisTaps Single(int from, int to, float offset)
    {
        var taps = Empty(to, 1);
        for (var i = 0; i < to; i++)
        {
            taps.Indices[i] = Math.Min((int)MathF.Floor((i + offset) * ((float)from / to)), from - 1);
            taps.Weights[i] = 1;
        }

        return taps;
    }

    private static AxisTaps Empty(int to, int count) => new(count, new int[to * count], new double[to * count]);
}

/// <summary>A stretch of places; it may begin before an axis and end after it.</summary>
internal readonly record struct Places(int First, int Count);
