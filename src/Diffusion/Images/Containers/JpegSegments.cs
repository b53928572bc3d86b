using System.Buffers.Binary;
using System.Globalization;

namespace RenderFarm.Diffusion.Images.Containers;

/// <summary>The segments of a JPEG file (ITU-T T.81, annex B), named by the two hexadecimal digits of their marker, up to the end or the first that is cut off.</summary>
internal static class JpegSegments
{
    public const string App1 = "E1";
    public const string StartOfScan = "DA";
    private const byte EndOfImage = 0xd9;
    private const int LengthBytes = 2;

    public static ReadOnlySpan<byte> StartOfImage => [0xff, 0xd8];

    public static bool IsJpeg(ReadOnlySpan<byte> file) => file.StartsWith(StartOfImage) && file.Length > 2 && file[2] == 0xff;

    /// <summary>Whether a segment is a frame header, SOF0 to SOF15; three markers of that row mean something else.</summary>
    public static bool IsFrameHeader(Chunk segment) => segment.Type[0] == 'C' && segment.Type is not ("C4" or "C8" or "CC");

    public static IEnumerable<Chunk> Of(ReadOnlyMemory<byte> file)
    {
        var rest = file[StartOfImage.Length..];
        while (NextMarker(rest.Span) is var at && at >= 0)
        {
            var marker = rest.Span[at + 1];
            rest = rest[(at + 2)..];
            if (marker == EndOfImage || rest.Length < LengthBytes)
            {
                yield break;
            }

            int length = BinaryPrimitives.ReadUInt16BigEndian(rest.Span);
            if (length < LengthBytes || length > rest.Length)
            {
                yield break;
            }

            yield return new Chunk(marker.ToString("X2", CultureInfo.InvariantCulture), rest[LengthBytes..length]);
            rest = rest[length..];
        }
    }

    /// <summary>The file with an EXIF block as its first segment, where readers look for it.</summary>
    public static byte[] WithExif(ReadOnlySpan<byte> file, ReadOnlySpan<byte> exif)
    {
        var length = LengthBytes + ExifTags.Prefix.Length + exif.Length;
        if (length > ushort.MaxValue)
        {
            throw new RenderRequestException("text", $"{exif.Length} bytes of EXIF", $"at most {ushort.MaxValue - LengthBytes - ExifTags.Prefix.Length} in a JPEG");
        }

        return [.. StartOfImage, 0xff, 0xe1, (byte)(length >> 8), (byte)length, .. ExifTags.Prefix, .. exif, .. file[StartOfImage.Length..]];
    }

    // Inside a scan 0xff is followed by 0 or a restart marker; before a marker it may be repeated.
    private static int NextMarker(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length - 1; at++)
        {
            var next = bytes[at..].IndexOf((byte)0xff);
            if (next < 0)
            {
                return -1;
            }

            at += next;
            if (at + 1 < bytes.Length && bytes[at + 1] is not (0 or 1 or 0xff or (>= 0xd0 and <= 0xd7)))
            {
                return at;
            }
        }

        return -1;
    }
}
