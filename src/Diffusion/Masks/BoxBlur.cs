namespace RenderFarm.Diffusion.Masks;

/// <summary>
/// A Gauss curve approximated by three box filters whose ends count in part, of a cost that does not grow with the width:
/// Gwosdek, Grewenig, Bruhn and Weickert, "Theoretical Foundations of Gaussian Convolution by Extended Box Filtering", 2011.
/// Beyond the edge the picture goes on as its edge is.
/// </summary>
internal static class BoxBlur
{
    private const int Passes = 3;
    private const int WeightBits = 24;

    /// <summary>Blurs rows of pixels of some bytes each.</summary>
    public static byte[] Blur(ReadOnlySpan<byte> values, int width, int height, int channels, double sigma)
    {
        var blurred = values.ToArray();
        if (sigma > 0)
        {
            var radius = Radius(sigma);
            for (var channel = 0; channel < channels; channel++)
            {
                Along(blurred, channel, count: width, step: channels, lines: height, apart: width * channels, radius);
                Along(blurred, channel, count: height, step: width * channels, lines: width, apart: channels, radius);
            }
        }

        return blurred;
    }

    // L is the length of a box, l its whole radius and a what the pixels beyond it count: equations 7, 11 and 14.
    private static double Radius(double sigma)
    {
        var variance = sigma * sigma / Passes;
        var length = Math.Sqrt((12 * variance) + 1);
        var l = Math.Floor((length - 1) / 2);
        var a = ((2 * l) + 1) * ((l * (l + 1)) - (3 * variance)) / (6 * (variance - ((l + 1) * (l + 1))));
        return l + a;
    }

    private static void Along(byte[] values, int channel, int count, int step, int lines, int apart, double radius)
    {
        var whole = (int)radius;
        var inner = (uint)((1 << WeightBits) / ((radius * 2) + 1));
        var outer = ((1 << WeightBits) - (((2 * (uint)whole) + 1) * inner)) / 2;
        var (from, to) = (new byte[count], new byte[count]);
        for (var line = 0; line < lines; line++)
        {
            var start = (line * apart) + channel;
            for (var i = 0; i < count; i++)
            {
                from[i] = values[start + (i * step)];
            }

            for (var pass = 0; pass < Passes; pass++)
            {
                Box(from, to, whole, inner, outer);
                (from, to) = (to, from);
            }

            for (var i = 0; i < count; i++)
            {
                values[start + (i * step)] = from[i];
            }
        }
    }

    private static void Box(byte[] from, byte[] to, int radius, uint inner, uint outer)
    {
        var last = from.Length - 1;
        var sum = 0L;
        for (var i = -radius; i <= radius; i++)
        {
            sum += from[Math.Clamp(i, 0, last)];
        }

        for (var i = 0; i <= last; i++)
        {
            var (before, after) = (from[Math.Clamp(i - radius - 1, 0, last)], from[Math.Clamp(i + radius + 1, 0, last)]);
            to[i] = (byte)(((sum * inner) + ((long)(before + after) * outer) + (1 << (WeightBits - 1))) >> WeightBits);
            sum += after - from[Math.Clamp(i - radius, 0, last)];
        }
    }
}
