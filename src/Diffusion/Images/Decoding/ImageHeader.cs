using System.Buffers.Binary;
using RenderFarm.Diffusion.Images.Containers;

namespace RenderFarm.Diffusion.Images.Decoding;

/// <summary>What a file says about its picture, read without decoding it.</summary>
/// <param name="Width">Pixels, before it is turned.</param>
/// <param name="Height">Pixels, before it is turned.</param>
/// <param name="Orientation">EXIF's 1 to 8.</param>
internal sealed record ImageHeader(InputFormat Format, long Width, long Height, int Orientation = 1)
{
    private const string Formats = "PNG, JPEG, WebP, GIF or BMP";

    /// <summary>Reads and checks it; throws <see cref="InputImageException"/> for what is no picture or too large.</summary>
    public static ImageHeader Read(ReadOnlyMemory<byte> file)
    {
        InputLimits.CheckBytes(file.Length);
        var bytes = file.Span;
        var header =
            PngChunks.IsPng(bytes) ? PngHeader.Read(file)
            : JpegSegments.IsJpeg(bytes) ? Jpeg(file)
            : RiffChunks.IsWebp(bytes) ? Webp(file)
            : bytes.StartsWith("GIF87a"u8) || bytes.StartsWith("GIF89a"u8) ? Gif(bytes)
            : bytes.StartsWith("BM"u8) ? Bmp(bytes)
            : throw new InputImageException("format", $"unknown, its first bytes are {Convert.ToHexStringLower(bytes[..Math.Min(8, bytes.Length)])}", Formats);
        InputLimits.CheckSize(header.Width, header.Height);
        return header;
    }

    public static InputImageException Broken(InputFormat format, string given) => new("file", given, $"a whole {format} file");

    public static int OrientationOf(ReadOnlyMemory<byte> exif) =>
        ExifTags.Read(exif).TryGetValue(ExifTags.Orientation, out var value) && value.AsNumber() is >= 1 and <= 8 and var orientation ? (int)orientation : 1;

    private static ImageHeader Jpeg(ReadOnlyMemory<byte> file)
    {
        ImageHeader? header = null;
        var (orientation, scans) = (1, 0);
        foreach (var segment in JpegSegments.Of(file))
        {
            if (header is null && JpegSegments.IsFrameHeader(segment) && segment.Bytes.Length >= 5)
            {
                header = new ImageHeader(InputFormat.Jpeg, BinaryPrimitives.ReadUInt16BigEndian(segment.Bytes[3..]), BinaryPrimitives.ReadUInt16BigEndian(segment.Bytes[1..]));
            }
            else if (segment.Type == JpegSegments.App1 && segment.Bytes.StartsWith(ExifTags.Prefix))
            {
                orientation = OrientationOf(segment.Body);
            }
            else if (segment.Type == JpegSegments.StartOfScan && ++scans > InputLimits.MaxScans)
            {
                throw new InputImageException("number of scans", $"{scans} or more", $"at most {InputLimits.MaxScans}");
            }
        }

        return (header ?? throw Broken(InputFormat.Jpeg, "without a frame header")) with { Orientation = orientation };
    }

    private static ImageHeader Webp(ReadOnlyMemory<byte> file)
    {
        ImageHeader? header = null;
        var orientation = 1;
        foreach (var chunk in RiffChunks.Of(file))
        {
            header ??= WebpSize(chunk);
            orientation = chunk.Type == "EXIF" ? OrientationOf(chunk.Body) : orientation;
        }

        return (header ?? throw Broken(InputFormat.Webp, "without a picture chunk")) with { Orientation = orientation };
    }

    // RFC 9649, sections 2.7 and 3.4; RFC 6386, section 9.1.
    private static ImageHeader? WebpSize(Chunk chunk)
    {
        var bytes = chunk.Bytes;
        return chunk.Type switch
        {
            "VP8X" when bytes.Length >= 10 => new ImageHeader(InputFormat.Webp, 1 + Int24(bytes[4..]), 1 + Int24(bytes[7..])),
            "VP8L" when bytes.Length >= 5 && BinaryPrimitives.ReadUInt32LittleEndian(bytes[1..]) is var bits =>
                new ImageHeader(InputFormat.Webp, 1 + (bits & 0x3fff), 1 + ((bits >> 14) & 0x3fff)),
            "VP8 " when bytes.Length >= 10 =>
                new ImageHeader(InputFormat.Webp, BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]) & 0x3fff, BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]) & 0x3fff),
            _ => null,
        };
    }

    private static int Int24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);

    private static ImageHeader Gif(ReadOnlySpan<byte> bytes) => bytes.Length >= 10
        ? new ImageHeader(InputFormat.Gif, BinaryPrimitives.ReadUInt16LittleEndian(bytes[6..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]))
        : throw Broken(InputFormat.Gif, "cut off in its header");

    private static ImageHeader Bmp(ReadOnlySpan<byte> bytes)
    {
        // The first header that Windows knew holds 16-bit sizes; in all later ones a negative height means rows from the top.
        const int OldHeader = 12;
        if (bytes.Length < 26)
        {
            throw Broken(InputFormat.Bmp, "cut off in its header");
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(bytes[14..]) == OldHeader
            ? new ImageHeader(InputFormat.Bmp, BinaryPrimitives.ReadUInt16LittleEndian(bytes[18..]), BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..]))
            : new ImageHeader(InputFormat.Bmp, BinaryPrimitives.ReadInt32LittleEndian(bytes[18..]), Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(bytes[22..])));
    }
}
