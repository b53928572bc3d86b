namespace RenderFarm.Diffusion.Images.Decoding;

/// <summary>Turns and mirrors a picture as its EXIF orientation asks (CIPA DC-008, 4.6.4, tag 0x0112).</summary>
internal static class Upright
{
    public static bool SwapsSides(int orientation) => orientation >= 5;

    /// <summary>Where the pixels of an upright row come from: the first one, and how far it is to the next.</summary>
    public static (int Start, int Step) Row(int y, int orientation, int width, int height) => orientation switch
    {
        1 => (y * width, 1),
        2 => ((y * width) + width - 1, -1),
        3 => (((height - y) * width) - 1, -1),
        4 => ((height - 1 - y) * width, 1),
        5 => (y, width),
        6 => (((height - 1) * width) + y, -width),
        7 => (((height - 1) * width) + width - 1 - y, -width),
        8 => (width - 1 - y, width),
        _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "1 to 8"),
    };
}
