using System.Globalization;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Spool;

/// <summary>A finished picture in the spool. Everything to report of it is in the name of its file, so that one rename makes it known for good.</summary>
/// <param name="Lease">The lease it was rendered for.</param>
/// <param name="Index">Index in the job.</param>
/// <param name="Facts">What the renderer said of it.</param>
/// <param name="Folder">Where its file lies.</param>
internal sealed record SpooledPicture(LeaseMark Lease, long Index, PictureFacts Facts, string Folder)
{
    private const int Parts = 8;

    /// <summary>Object key, never used by another attempt.</summary>
    public string Key => Lease.KeyOf(Index);

    /// <summary>The picture's file.</summary>
    public string File => Path.Combine(Folder, string.Create(
        CultureInfo.InvariantCulture,
        $"{Lease.AttemptId:N}.{Index}.{Facts.Seed}.{Facts.Width}x{Facts.Height}.{Facts.RenderMilliseconds}.{Facts.Bytes}.{Facts.Sha256}.{Lease.Format}"));

    /// <summary>The picture as it is reported.</summary>
    public RenderedFrame Report() => new(Index, Facts.Seed, Key, Facts.Sha256, Facts.Bytes, Facts.Width, Facts.Height, Facts.RenderMilliseconds);

    /// <summary>The attempt that a file of this name belongs to; null when it is no picture's name.</summary>
    public static Guid? AttemptOf(string file) =>
        Path.GetFileName(file).Split('.') is { Length: Parts } parts && Guid.TryParseExact(parts[0], "N", out var attempt) ? attempt : null;

    /// <summary>Reads a file's name; null when it is no picture's name of this lease.</summary>
    public static SpooledPicture? Parse(LeaseMark lease, string file)
    {
        var parts = Path.GetFileName(file).Split('.');
        if (parts.Length != Parts || parts[7] != lease.Format || AttemptOf(file) != lease.AttemptId || parts[3].Split('x') is not [var width, var height])
        {
            return null;
        }

        return TryLong(parts[1], out var index) && TryLong(parts[2], out var seed) && TryInt(width, out var wide) && TryInt(height, out var high)
            && TryInt(parts[4], out var milliseconds) && TryLong(parts[5], out var bytes)
            ? new SpooledPicture(lease, index, new PictureFacts(seed, parts[6], bytes, wide, high, milliseconds), Path.GetDirectoryName(file)!)
            : null;
    }

    private static bool TryLong(string text, out long value) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    private static bool TryInt(string text, out int value) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

/// <summary>What is reported of a picture, beside where it is.</summary>
/// <param name="Seed">Seed of its noise; of the best of several, the kept one's.</param>
/// <param name="Sha256">Of the file, lower-case hexadecimal.</param>
/// <param name="Bytes">Size of the file.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="RenderMilliseconds">Its part of the batch's render time.</param>
internal sealed record PictureFacts(long Seed, string Sha256, long Bytes, int Width, int Height, int RenderMilliseconds);
