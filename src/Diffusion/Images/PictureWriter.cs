using RenderFarm.Diffusion.Images.Containers;
using SkiaSharp;

namespace RenderFarm.Diffusion.Images;

/// <summary>Writes 8-bit RGB pictures as PNG, JPEG or WebP, with texts by keyword.</summary>
public static class PictureWriter
{
    private const int Rgb = 3;
    private const int Rgba = 4;
    private const int FullColourQuality = 90;

    // How hard the lossless encoder tries, from 0 to 100; beyond, it takes twice the time for a few percent.
    private const int LosslessEffort = 75;

    /// <summary>Writes rows of RGB bytes. PNG has the texts in chunks of their own; JPEG and WebP in EXIF, "parameters" as the user comment.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> rgb, int width, int height, PictureEncoding encoding, IReadOnlyDictionary<string, string>? text = null)
    {
        encoding.Check();
        if (encoding.Format == PictureFormat.Png)
        {
            PngWriter.Write(stream, rgb, width, height, text);
            return;
        }

        if (width <= 0 || height <= 0 || rgb.Length != (long)width * height * Rgb)
        {
            throw new ArgumentException($"{rgb.Length} bytes are not {width} x {height} pixels of {Rgb} bytes.", nameof(rgb));
        }

        var file = Encode(rgb, width, height, encoding);
        var isJpeg = encoding.Format == PictureFormat.Jpeg;
        if (text is { Count: > 0 })
        {
            var exif = ExifText.Block(text);
            file = isJpeg ? JpegSegments.WithExif(file, exif) : RiffChunks.WithExif(file, exif, width, height);
        }

        stream.Write(file);
    }

    private static unsafe byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height, PictureEncoding encoding)
    {
        var rgba = new byte[width * height * Rgba];
        for (var (from, to) = (0, 0); to < rgba.Length; from += Rgb, to += Rgba)
        {
            rgb.Slice(from, Rgb).CopyTo(rgba.AsSpan(to));
            rgba[to + Rgb] = 255;
        }

        fixed (byte* pixels = rgba)
        {
            using var picture = new SKPixmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque), (IntPtr)pixels);
            using var encoded = encoding.Format == PictureFormat.Jpeg
                ? picture.Encode(new SKJpegEncoderOptions(
                    encoding.Quality,
                    encoding.Quality >= FullColourQuality ? SKJpegEncoderDownsample.Downsample444 : SKJpegEncoderDownsample.Downsample420,
                    SKJpegEncoderAlphaOption.Ignore))
                : picture.Encode(encoding.Lossless
                    ? new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossless, LosslessEffort)
                    : new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, encoding.Quality));
            return encoded?.ToArray()
                ?? throw new RenderRequestException(nameof(PictureFormat), $"{encoding.Format} for {width} x {height} pixels", "a size that the format can hold, or another format");
        }
    }
}
