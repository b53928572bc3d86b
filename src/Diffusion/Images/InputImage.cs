using RenderFarm.Diffusion.Images.Decoding;

namespace RenderFarm.Diffusion.Images;

/// <summary>A picture from outside: what to start from, or a mask.</summary>
public sealed class InputImage
{
    private const int Channels = 3;

    /// <summary>From rows of RGB bytes, and one byte of opacity for each pixel if there is any.</summary>
    public InputImage(int width, int height, ReadOnlyMemory<byte> rgb, ReadOnlyMemory<byte>? alpha = null)
    {
        InputLimits.CheckSize(width, height);
        if (rgb.Length != (long)width * height * Channels || (alpha is { } opacity && opacity.Length != width * height))
        {
            throw new InputImageException("pixel data", $"{rgb.Length} bytes of colour and {alpha?.Length ?? 0} of opacity", $"{Channels} bytes and, if any, 1 byte for each of {width} x {height} pixels");
        }

        (Width, Height, Rgb, Alpha) = (width, height, rgb, alpha);
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Rows of pixels from the top, three bytes each; under full transparency, whatever the file has there.</summary>
    public ReadOnlyMemory<byte> Rgb { get; }

    /// <summary>One byte per pixel, 255 is opaque; null where the file has no transparency.</summary>
    public ReadOnlyMemory<byte>? Alpha { get; }

    /// <summary>
    /// Reads a PNG, JPEG, WebP, GIF or BMP file, of several frames the first, upright as its EXIF orientation asks.
    /// Throws <see cref="InputImageException"/> for anything else and beyond <see cref="InputLimits"/>.
    /// </summary>
    public static InputImage Decode(ReadOnlyMemory<byte> file)
    {
        var header = ImageHeader.Read(file);
        var decoded = PixelDecoder.Decode(file, header);
        return Turned(decoded, header.Orientation);
    }

    /// <summary>Reads to the end of the stream, or to one byte more than allowed.</summary>
    public static InputImage Decode(Stream stream) => Decode(BoundedRead.All(stream));

    /// <summary>The picture on a background, as img2img sees it; white if none is given.</summary>
    public InputImage Flattened(byte red = 255, byte green = 255, byte blue = 255)
    {
        if (Alpha is not { } alpha)
        {
            return this;
        }

        byte[] background = [red, green, blue];
        var from = Rgb.Span;
        var opacity = alpha.Span;
        var rgb = new byte[Rgb.Length];
        for (var i = 0; i < rgb.Length; i++)
        {
            var share = opacity[i / Channels];
            rgb[i] = (byte)(((from[i] * share) + (background[i % Channels] * (255 - share)) + 127) / 255);
        }

        return new InputImage(Width, Height, rgb);
    }

    private static InputImage Turned(DecodedPixels decoded, int orientation)
    {
        var (width, height) = Upright.SwapsSides(orientation) ? (decoded.Height, decoded.Width) : (decoded.Width, decoded.Height);
        var (rgba, rgb) = (decoded.Rgba, new byte[width * height * Channels]);
        var alpha = decoded.HasAlpha ? new byte[width * height] : null;
        var to = 0;
        for (var y = 0; y < height; y++)
        {
            var (from, step) = Upright.Row(y, orientation, decoded.Width, decoded.Height);
            for (var x = 0; x < width; x++, from += step, to++)
            {
                rgba.AsSpan(from * 4, Channels).CopyTo(rgb.AsSpan(to * Channels));
                if (alpha is not null)
                {
                    alpha[to] = rgba[(from * 4) + 3];
                }
            }
        }

        return new InputImage(width, height, rgb, alpha is null ? null : (ReadOnlyMemory<byte>?)alpha);
    }
}
