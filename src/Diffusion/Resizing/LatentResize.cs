namespace RenderFarm.Diffusion.Resizing;

/// <summary>Resizes planes of floats as torch.nn.functional.interpolate does without align_corners.</summary>
internal static class LatentResize
{
    /// <summary>Planes of height x width one after the other, to planes of another size.</summary>
    public static float[] Resize(ReadOnlySpan<float> planes, (int Height, int Width) from, (int Height, int Width) to, LatentResampling resampling)
    {
        var (rows, columns) = (Taps(from.Height, to.Height, resampling), Taps(from.Width, to.Width, resampling));
        var count = planes.Length / (from.Height * from.Width);
        var wide = new float[from.Height * to.Width];
        var resized = new float[count * to.Height * to.Width];
        for (var plane = 0; plane < count; plane++)
        {
            var source = planes.Slice(plane * from.Height * from.Width, from.Height * from.Width);
            for (var y = 0; y < from.Height; y++)
            {
                for (var x = 0; x < to.Width; x++)
                {
                    wide[(y * to.Width) + x] = Weighed(columns, x, source.Slice(y * from.Width, from.Width), step: 1);
                }
            }

            var target = resized.AsSpan(plane * to.Height * to.Width, to.Height * to.Width);
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = Weighed(rows, i / to.Width, wide.AsSpan(i % to.Width), to.Width);
            }
        }

        return resized;
    }

    private static float Weighed(AxisTaps taps, int place, ReadOnlySpan<float> values, int step)
    {
        var sum = 0.0;
        for (var tap = place * taps.Count; tap < (place + 1) * taps.Count; tap++)
        {
            sum += taps.Weights[tap] * values[taps.Indices[tap] * step];
        }

        return (float)sum;
    }

    private static AxisTaps Taps(int from, int to, LatentResampling resampling) => resampling switch
    {
        LatentResampling.Nearest => AxisTaps.Nearest(from, to),
        LatentResampling.NearestExact => AxisTaps.NearestExact(from, to),
        LatentResampling.Bilinear => AxisTaps.Linear(from, to),
        LatentResampling.BilinearAntialiased => AxisTaps.Filtered(from, to, ResampleFilter.Triangle),
        LatentResampling.Bicubic => AxisTaps.Cubic(from, to),
        LatentResampling.BicubicAntialiased => AxisTaps.Filtered(from, to, ResampleFilter.Bicubic),
        _ => throw new ArgumentOutOfRangeException(nameof(resampling), resampling, "One of the ways that torch has."),
    };
}
