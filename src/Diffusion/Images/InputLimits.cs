using System.Globalization;

namespace RenderFarm.Diffusion.Images;

/// <summary>What a picture from outside may be; its own header is asked before anything is decoded.</summary>
public static class InputLimits
{
    /// <summary>The encoded file: 20 MiB.</summary>
    public const int MaxBytes = 20 << 20;

    /// <summary>Pixels on a side.</summary>
    public const int MaxSide = 8192;

    /// <summary>Pixels in all, 4096 x 4096: decoding needs up to ten bytes for each.</summary>
    public const int MaxPixels = 4096 * 4096;

    // A progressive JPEG has about ten scans. Each costs a pass over all pixels, however few bytes it has.
    internal const int MaxScans = 32;

    internal static void CheckBytes(long bytes, int most = MaxBytes)
    {
        if (bytes == 0 || bytes > most)
        {
            throw new InputImageException("file", Text($"{bytes:N0} bytes"), Text($"1 to {most:N0} bytes"));
        }
    }

    internal static void CheckSize(long width, long height)
    {
        CheckSide("width", width);
        CheckSide("height", height);
        if (width * height > MaxPixels)
        {
            throw new InputImageException("size", Text($"{width} x {height}, {width * height:N0} pixels"), Text($"at most {MaxPixels:N0} pixels"));
        }
    }

    private static void CheckSide(string what, long side)
    {
        if (side is < 1 or > MaxSide)
        {
            throw new InputImageException(what, Text($"{side} pixels"), Text($"1 to {MaxSide} pixels"));
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
