namespace RenderFarm.Diffusion.Scoring;

/// <summary>
/// Bicubic resizing of RGB bytes with antialiasing, to the bit as Pillow's Image.resize does it (its Resample.c), which CLIP
/// was trained behind: along x, then along y, each value a weighted sum in fixed point, rounded to a byte after each pass.
/// </summary>
internal static class BicubicResize
{
    private const int Channels = 3;

    // Keys' a; the cubic reaches two pixels to either side.
    private const double Sharpness = -0.5;
    private const double Reach = 2;

    // 32 bits less 8 of the value and 2 of headroom for weights beyond one.
    private const int FractionBits = 22;

    public static byte[] Resize(ReadOnlySpan<byte> rgb, int width, int height, int newWidth, int newHeight)
    {
        var wide = rgb.ToArray();
        if (newWidth != width)
        {
            var taps = Taps(width, newWidth);
            var resized = new byte[newWidth * height * Channels];
            for (var y = 0; y < height; y++)
            {
                Pass(wide.AsSpan(y * width * Channels), Channels, resized.AsSpan(y * newWidth * Channels), Channels, taps);
            }

            wide = resized;
        }

        if (newHeight == height)
        {
            return wide;
        }

        var result = new byte[newWidth * newHeight * Channels];
        var (stride, rows) = (newWidth * Channels, Taps(height, newHeight));
        for (var x = 0; x < newWidth; x++)
        {
            Pass(wide.AsSpan(x * Channels), stride, result.AsSpan(x * Channels), stride, rows);
        }

        return result;
    }

    /// <summary>One line of pixels, each "step" bytes after the one before.</summary>
    private static void Pass(ReadOnlySpan<byte> from, int fromStep, Span<byte> to, int toStep, (int First, int[] Weights)[] taps)
    {
        for (var i = 0; i < taps.Length; i++)
        {
            var (first, weights) = taps[i];
            for (var channel = 0; channel < Channels; channel++)
            {
                var sum = 1 << (FractionBits - 1);
                for (var tap = 0; tap < weights.Length; tap++)
                {
                    sum += from[((first + tap) * fromStep) + channel] * weights[tap];
                }

                to[(i * toStep) + channel] = (byte)Math.Clamp(sum >> FractionBits, byte.MinValue, byte.MaxValue);
            }
        }
    }

    /// <summary>For each new pixel the old ones that it is made of. Where the picture shrinks, the cubic is stretched over all it covers.</summary>
    private static (int First, int[] Weights)[] Taps(int size, int newSize)
    {
        var scale = (double)size / newSize;
        var stretch = Math.Max(scale, 1);
        var taps = new (int First, int[] Weights)[newSize];
        for (var i = 0; i < newSize; i++)
        {
            var center = (i + 0.5) * scale;
            var first = Math.Max((int)(center - (Reach * stretch) + 0.5), 0);
            var end = Math.Min((int)(center + (Reach * stretch) + 0.5), size);
            var weights = Enumerable.Range(first, end - first).Select(at => Cubic((at - center + 0.5) / stretch)).ToArray();
            var total = weights.Sum();
            taps[i] = (first, [.. weights.Select(weight => Fixed(weight / total))]);
        }

        return taps;
    }

    private static int Fixed(double weight) => (int)((weight * (1 << FractionBits)) + (weight < 0 ? -0.5 : 0.5));

    // Keys, "Cubic convolution interpolation for digital image processing", 1981.
    private static double Cubic(double x) => Math.Abs(x) switch
    {
        < 1 and var d => (((Sharpness + 2) * d) - (Sharpness + 3)) * d * d + 1,
        < 2 and var d => (((d - 5) * d + 8) * d - 4) * Sharpness,
        _ => 0,
    };
}
