using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Images;

/// <summary>
/// Decodes a latent tile by tile, so that memory is a tile's instead of the picture's. Tiles overlap by a quarter and are blended linearly
/// there: the network's norms and attention see one tile at a time, and what that changes must not show as an edge.
/// </summary>
internal static class TiledDecode
{
    private const int Channels = 3;
    private const int OverlapShare = 4;

    /// <summary>Decodes [channels, size, size] cut from the latent at (y, x) into planes [3, size * factor, size * factor].</summary>
    public delegate ReadOnlySpan<float> DecodeTile(int y, int x, int height, int width);

    /// <summary>Where tiles of a size begin along a side: evenly spread, the last one ends where the side ends.</summary>
    public static int[] Starts(int side, int tile)
    {
        if (side <= tile)
        {
            return [0];
        }

        var stride = tile - (tile / OverlapShare);
        var count = 1 + (((side - tile) + stride - 1) / stride);
        return [.. Enumerable.Range(0, count).Select(i => i * (side - tile) / (count - 1))];
    }

    /// <summary>Fills planes, [3, height * factor, width * factor]; sizes are in latent values.</summary>
    public static void Run(int height, int width, int tile, int factor, DecodeTile decode, Span<float> planes)
    {
        var (tops, lefts) = (Starts(height, tile), Starts(width, tile));
        var (tileHeight, tileWidth) = (Math.Min(tile, height), Math.Min(tile, width));
        var (rowShares, columnShares) = (Shares(tops, tileHeight, factor), Shares(lefts, tileWidth, factor));
        planes.Clear();
        for (var row = 0; row < tops.Length; row++)
        {
            for (var column = 0; column < lefts.Length; column++)
            {
                var picture = decode(tops[row], lefts[column], tileHeight, tileWidth);
                Add(picture, rowShares[row], columnShares[column], tops[row] * factor, lefts[column] * factor, height * factor, width * factor, planes);
            }
        }
    }

    /// <summary>
    /// What each tile contributes along one side, pixel by pixel: it rises over the overlap with the tile before and falls over the one with the
    /// tile after, and the shares of all tiles at a pixel add up to one.
    /// </summary>
    private static float[][] Shares(int[] starts, int tile, int factor)
    {
        var length = tile * factor;
        var totals = new float[(starts[^1] * factor) + length];
        var shares = new float[starts.Length][];
        for (var index = 0; index < starts.Length; index++)
        {
            var before = index == 0 ? 0 : (starts[index - 1] + tile - starts[index]) * factor;
            var after = index == starts.Length - 1 ? 0 : (starts[index] + tile - starts[index + 1]) * factor;
            shares[index] = new float[length];
            for (var i = 0; i < length; i++)
            {
                var rising = i < before ? (i + 0.5f) / before : 1;
                var falling = length - 1 - i < after ? (length - i - 0.5f) / after : 1;
                shares[index][i] = Math.Min(rising, falling);
                totals[(starts[index] * factor) + i] += shares[index][i];
            }
        }

        for (var index = 0; index < starts.Length; index++)
        {
            TensorPrimitives.Divide(shares[index], totals.AsSpan(starts[index] * factor, length), shares[index]);
        }

        return shares;
    }

    private static void Add(ReadOnlySpan<float> tile, float[] rowShares, float[] columnShares, int top, int left, int height, int width, Span<float> planes)
    {
        for (var channel = 0; channel < Channels; channel++)
        {
            for (var y = 0; y < rowShares.Length; y++)
            {
                var from = tile.Slice(((channel * rowShares.Length) + y) * columnShares.Length, columnShares.Length);
                var to = planes.Slice((((channel * height) + top + y) * width) + left, columnShares.Length);
                for (var x = 0; x < from.Length; x++)
                {
                    to[x] += from[x] * rowShares[y] * columnShares[x];
                }
            }
        }
    }
}
