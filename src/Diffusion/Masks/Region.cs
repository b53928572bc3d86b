namespace RenderFarm.Diffusion.Masks;

/// <summary>A part of a picture; right and bottom lie just outside.</summary>
internal readonly record struct Region(int Left, int Top, int Right, int Bottom)
{
    public int Width => Right - Left;

    public int Height => Bottom - Top;

    /// <summary>What holds everything that is masked, and a margin around it inside the picture; null where nothing is masked.</summary>
    public static Region? Around(MaskImage mask, int padding)
    {
        var values = mask.Values.Span;
        var (left, top, right, bottom) = (mask.Width, mask.Height, 0, 0);
        for (var y = 0; y < mask.Height; y++)
        {
            var row = values.Slice(y * mask.Width, mask.Width);
            if (row.IndexOfAnyExcept((byte)0) is var first and >= 0)
            {
                (left, right) = (Math.Min(left, first), Math.Max(right, row.LastIndexOfAnyExcept((byte)0) + 1));
                (top, bottom) = (Math.Min(top, y), y + 1);
            }
        }

        return right == 0
            ? null
            : new Region(Math.Max(left - padding, 0), Math.Max(top - padding, 0), Math.Min(right + padding, mask.Width), Math.Min(bottom + padding, mask.Height));
    }

    /// <summary>Grown to the shape of what is rendered, as far as the picture reaches.</summary>
    public Region Expanded(int renderWidth, int renderHeight, int pictureWidth, int pictureHeight)
    {
        var (shape, wanted) = ((double)Width / Height, (double)renderWidth / renderHeight);
        if (shape > wanted)
        {
            var (top, bottom) = Grown(Top, Bottom, (int)((Width / wanted) - Height), pictureHeight);
            return this with { Top = top, Bottom = bottom };
        }

        var (left, right) = Grown(Left, Right, (int)((Height * wanted) - Width), pictureWidth);
        return this with { Left = left, Right = right };
    }

    // On both sides alike; what would reach over one edge is added on the other side.
    private static (int From, int To) Grown(int from, int to, int by, int length)
    {
        from -= by / 2;
        to += by - (by / 2);
        var over = Math.Max(to - length, 0);
        (from, to) = (from - over, to - over);
        var under = Math.Max(-from, 0);
        return (from + under, Math.Min(to + under, length));
    }
}
