using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Masks;

/// <summary>Where a picture is to be painted anew: 255 is all of it, 0 leaves it as it is.</summary>
public sealed class MaskImage
{
    private const int Rgb = 3;
    private const byte Half = 128;

    /// <summary>From rows of one byte per pixel.</summary>
    public MaskImage(int width, int height, ReadOnlyMemory<byte> values)
    {
        InputLimits.CheckSize(width, height);
        if (values.Length != width * height)
        {
            throw new InputImageException("mask data", $"{values.Length} bytes", $"1 byte for each of {width} x {height} pixels");
        }

        (Width, Height, Values) = (width, height, values);
    }

    public int Width { get; }

    public int Height { get; }

    public ReadOnlyMemory<byte> Values { get; }

    /// <summary>Whether there is nothing to paint.</summary>
    public bool IsEmpty => !Values.Span.ContainsAnyExcept((byte)0);

    /// <summary>
    /// A picture as a mask: its opacity, if any of it is not opaque, else its brightness. Opacity is rounded to all or nothing
    /// unless it is to be kept; brightness is always kept, so that a drawn mask may have soft edges.
    /// </summary>
    public static MaskImage From(InputImage image, bool roundsOpacity = true)
    {
        var values = new byte[image.Width * image.Height];
        if (image.Alpha is { } alpha && alpha.Span.ContainsAnyExcept((byte)255))
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = roundsOpacity ? (byte)(alpha.Span[i] > Half ? 255 : 0) : alpha.Span[i];
            }

            return new MaskImage(image.Width, image.Height, values);
        }

        var rgb = image.Rgb.Span;
        for (var i = 0; i < values.Length; i++)
        {
            // ITU-R BT.601, section 2.5.1: 0.299 R + 0.587 G + 0.114 B, in 65536ths.
            values[i] = (byte)(((rgb[Rgb * i] * 19595) + (rgb[(Rgb * i) + 1] * 38470) + (rgb[(Rgb * i) + 2] * 7471) + 0x8000) >> 16);
        }

        return new MaskImage(image.Width, image.Height, values);
    }

    public MaskImage Inverted() => Each(value => (byte)(255 - value));

    /// <summary>Twice as strong: what was half painted becomes whole, so that a blurred mask covers all that it touches.</summary>
    public MaskImage Doubled() => Each(value => (byte)Math.Min(255, 2 * value));

    /// <summary>Softened by a Gauss curve of these widths, in pixels; 0 leaves an axis as it is.</summary>
    public MaskImage Blurred(double sigmaX, double sigmaY) => new(Width, Height, GaussBlur.Blur(Values.Span, Width, Height, sigmaX, sigmaY));

    internal MaskImage Fitted(int width, int height, ResizeMode mode) =>
        (width, height) == (Width, Height) ? this : From(Fitting.Fit(Grid(), width, height, mode));

    internal MaskImage Cropped(Region region) => From(Grid().Window(region.Left, region.Top, region.Width, region.Height));

    /// <summary>The mask at the size of a latent, 0 to 1; each value rounded to one of them if so wanted.</summary>
    internal float[] ToLatent(int width, int height, bool rounds)
    {
        var small = Grid().Filtered(width, height, ResampleFilter.Bicubic).Values.Span;
        var latent = new float[small.Length];
        for (var i = 0; i < latent.Length; i++)
        {
            latent[i] = rounds ? small[i] >= Half ? 1 : 0 : small[i] / 255f;
        }

        return latent;
    }

    private static MaskImage From(PixelGrid grid) => new(grid.Width, grid.Height, grid.Values);

    private PixelGrid Grid() => new(Width, Height, 1, Values);

    private MaskImage Each(Func<byte, byte> change)
    {
        var changed = Values.ToArray();
        for (var i = 0; i < changed.Length; i++)
        {
            changed[i] = change(changed[i]);
        }

        return new MaskImage(Width, Height, changed);
    }
}
