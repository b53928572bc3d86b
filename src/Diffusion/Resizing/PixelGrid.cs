namespace RenderFarm.Diffusion.Resizing;

/// <summary>Rows of pixels of one or more bytes.</summary>
internal sealed record PixelGrid(int Width, int Height, int Channels, ReadOnlyMemory<byte> Values)
{
    // Pillow's precision for 8-bit pixels: weights as integers of 22 bits, so that its values are met exactly.
    private const int WeightBits = 22;

    /// <summary>With a filter over what each new pixel covers, as Pillow does it: rows first, rounded to bytes in between.</summary>
    public PixelGrid Filtered(int width, int height, ResampleFilter filter) => Filtered(width, height, filter, new Places(0, width), new Places(0, height));

    /// <summary>Only a part of the resized picture; beyond its edges, its edges again.</summary>
    public PixelGrid Filtered(int width, int height, ResampleFilter filter, Places columns, Places rows)
    {
        var wide = width == Width && columns == new Places(0, width) ? this : AlongRows(AxisTaps.Filtered(Width, width, filter, columns), columns.Count);
        return height == Height && rows == new Places(0, height) ? wide : wide.AlongColumns(AxisTaps.Filtered(Height, height, filter, rows), rows.Count);
    }

    /// <summary>Each new pixel is the old one at its centre.</summary>
    public PixelGrid Nearest(int width, int height) =>
        AlongRows(AxisTaps.NearestExact(Width, width), width).AlongColumns(AxisTaps.NearestExact(Height, height), height);

    /// <summary>A part of the picture.</summary>
    public PixelGrid Window(int left, int top, int width, int height)
    {
        var from = Values.Span;
        var to = new byte[width * height * Channels];
        for (var y = 0; y < height; y++)
        {
            from.Slice((((top + y) * Width) + left) * Channels, width * Channels).CopyTo(to.AsSpan(y * width * Channels));
        }

        return new PixelGrid(width, height, Channels, to);
    }

    private PixelGrid AlongRows(AxisTaps taps, int width)
    {
        var to = new byte[width * Height * Channels];
        Resample(taps, Values.Span, to, new Walk(Height, Width * Channels, width * Channels), Channels, Channels);
        return new PixelGrid(width, Height, Channels, to);
    }

    private PixelGrid AlongColumns(AxisTaps taps, int height)
    {
        var to = new byte[Width * height * Channels];
        Resample(taps, Values.Span, to, new Walk(1, 0, 0), Width * Channels, Width * Channels);
        return new PixelGrid(Width, height, Channels, to);
    }

    // Each run of "together" values is weighed as one; "step" lies between places of the axis.
    private static void Resample(AxisTaps taps, ReadOnlySpan<byte> from, Span<byte> to, Walk lines, int step, int together)
    {
        var weights = Array.ConvertAll(taps.Weights, weight => (int)Math.Round(weight * (1 << WeightBits), MidpointRounding.AwayFromZero));
        var places = taps.Indices.Length / taps.Count;
        var sums = new int[together];
        for (var line = 0; line < lines.Count; line++)
        {
            for (var place = 0; place < places; place++)
            {
                sums.AsSpan().Fill(1 << (WeightBits - 1));
                for (var tap = place * taps.Count; tap < (place + 1) * taps.Count; tap++)
                {
                    if (weights[tap] != 0)
                    {
                        Add(sums, from.Slice((line * lines.From) + (taps.Indices[tap] * step), together), weights[tap]);
                    }
                }

                var written = to.Slice((line * lines.To) + (place * step), together);
                for (var i = 0; i < together; i++)
                {
                    written[i] = (byte)Math.Clamp(sums[i] >> WeightBits, 0, 255);
                }
            }
        }
    }

    private static void Add(Span<int> sums, ReadOnlySpan<byte> values, int weight)
    {
        for (var i = 0; i < values.Length; i++)
        {
            sums[i] += values[i] * weight;
        }
    }

    /// <summary>How many lines there are along an axis, and how far apart they lie.</summary>
    private readonly record struct Walk(int Count, int From, int To);
}
