using System.Diagnostics;
using System.Globalization;
using RenderFarm.Diffusion.Images;
using RenderFarm.TestKit.Goldens;
using SkiaSharp;

namespace RenderFarm.Benchmarks;

/// <summary>How fast rendered pictures are written as PNG against SkiaSharp's default, and how large.</summary>
internal static class PngEncoding
{
    private const double Goal = 3;
    private const double MostBytes = 1.15;
    private const int Rgb = 3;
    private const int Rgba = 4;

    // One round over the pictures takes milliseconds.
    private const int Rounds = 20;

    public static async Task<Report> RunAsync(int pairs)
    {
        List<Picture> pictures = [.. Directory.EnumerateFiles(GoldenFolder.PathOf("images"), "txt2img_*.png").Order(StringComparer.Ordinal).Select(Read)];
        var (ours, skia) = (pictures.Sum(Write), pictures.Sum(WriteBySkia));
        var measured = await Report.ByTurnsAsync(pairs, () => Task.FromResult(Speed(pictures, Write)), () => Task.FromResult(Speed(pictures, WriteBySkia)));
        var bytes = (double)ours / skia;
        return new Report(
            "Writing PNG",
            "The same rendered pictures written as PNG by the library and by SkiaSharp with its default options, by turns, on one thread.",
            [
                ("Pictures", $"{pictures.Count} of {pictures[0].Width}x{pictures[0].Height} by the model emoji"),
                ("SkiaSharp", typeof(SKPixmap).Assembly.GetName().Version!.ToString(3)),
                ("Bytes", string.Create(CultureInfo.InvariantCulture, $"{ours:N0} against {skia:N0}, ratio {bytes:F3}; goal: at most {MostBytes}; {(bytes <= MostBytes ? "met" : "missed")}")),
            ],
            "Library, megapixels/s",
            "SkiaSharp, megapixels/s",
            measured,
            new Goal(IsAtLeast: true, Goal));
    }

    private static Picture Read(string path)
    {
        var file = PngFile.Read(path);
        var rgba = new byte[file.Width * file.Height * Rgba];
        for (var i = 0; i < file.Width * file.Height; i++)
        {
            file.Rgb.AsSpan(i * Rgb, Rgb).CopyTo(rgba.AsSpan(i * Rgba));
            rgba[(i * Rgba) + Rgb] = 255;
        }

        return new Picture(file.Width, file.Height, file.Rgb, rgba);
    }

    private static double Speed(IReadOnlyList<Picture> pictures, Func<Picture, long> write)
    {
        var start = Stopwatch.GetTimestamp();
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var picture in pictures)
            {
                write(picture);
            }
        }

        return Rounds * pictures.Sum(picture => (double)picture.Width * picture.Height) / Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    private static long Write(Picture picture)
    {
        using var file = new MemoryStream();
        PngWriter.Write(file, picture.Rgb, picture.Width, picture.Height);
        return file.Length;
    }

    private static unsafe long WriteBySkia(Picture picture)
    {
        fixed (byte* pixels = picture.Rgba)
        {
            using var pixmap = new SKPixmap(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), (IntPtr)pixels);
            using var file = pixmap.Encode(SKPngEncoderOptions.Default) ?? throw new InvalidOperationException("SkiaSharp wrote nothing.");
            return file.Size;
        }
    }

    /// <summary>A picture in the form that each of the two takes.</summary>
    private sealed record Picture(int Width, int Height, byte[] Rgb, byte[] Rgba);
}
