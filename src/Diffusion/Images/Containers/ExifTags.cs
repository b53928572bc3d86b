using System.Buffers.Binary;

namespace RenderFarm.Diffusion.Images.Containers;

/// <summary>The tags of an EXIF block (CIPA DC-008, a TIFF file in small). What is malformed is left out: a picture is not refused for what is told about it.</summary>
internal static class ExifTags
{
    public const ushort Orientation = 0x0112;
    public const ushort ExifDirectory = 0x8769;
    public const ushort MakerNote = 0x927c;
    public const ushort UserComment = 0x9286;

    private const int EntryLength = 12;
    private const int MaxEntries = 256;

    // Bytes of a value by its type: BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, ...
    private static ReadOnlySpan<byte> Sizes => [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8];

    /// <summary>What stands before the block in a JPEG segment, and in some WebP files.</summary>
    public static ReadOnlySpan<byte> Prefix => "Exif\0\0"u8;

    /// <summary>The values of the main directory and of the EXIF directory by tag, each with the byte order of the block.</summary>
    public static IReadOnlyDictionary<ushort, ExifValue> Read(ReadOnlyMemory<byte> block)
    {
        var tags = new Dictionary<ushort, ExifValue>();
        var tiff = block.Span.StartsWith(Prefix) ? block[Prefix.Length..] : block;
        bool? isLittle = tiff.Length < 8 ? null : tiff.Span[0] == 'I' && tiff.Span[1] == 'I' ? true : tiff.Span[0] == 'M' && tiff.Span[1] == 'M' ? false : null;
        if (isLittle is { } little)
        {
            ReadDirectory(tiff, Number(tiff.Span[4..], 4, little), little, tags);
            if (tags.TryGetValue(ExifDirectory, out var inner))
            {
                ReadDirectory(tiff, inner.AsNumber(), little, tags);
            }
        }

        return tags;
    }

    internal static uint Number(ReadOnlySpan<byte> bytes, int size, bool isLittle) => (size, isLittle) switch
    {
        (2, true) => BinaryPrimitives.ReadUInt16LittleEndian(bytes),
        (2, false) => BinaryPrimitives.ReadUInt16BigEndian(bytes),
        (_, true) => BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        _ => BinaryPrimitives.ReadUInt32BigEndian(bytes),
    };

    private static void ReadDirectory(ReadOnlyMemory<byte> tiff, uint at, bool isLittle, Dictionary<ushort, ExifValue> tags)
    {
        if (at > tiff.Length - 2)
        {
            return;
        }

        var entries = tiff[((int)at + 2)..];
        var count = Math.Min(Number(tiff.Span[(int)at..], 2, isLittle), MaxEntries);
        for (var i = 0; i < count && entries.Length >= EntryLength; i++, entries = entries[EntryLength..])
        {
            var entry = entries.Span;
            var type = Number(entry[2..], 2, isLittle);
            var bytes = type < Sizes.Length ? (long)Number(entry[4..], 4, isLittle) * Sizes[(int)type] : 0;
            var start = bytes <= 4 ? 0 : Number(entry[8..], 4, isLittle);
            var value = bytes <= 4 ? entries.Slice(8, (int)bytes) : start + bytes <= tiff.Length ? tiff.Slice((int)start, (int)bytes) : default;
            tags.TryAdd((ushort)Number(entry, 2, isLittle), new ExifValue(value, isLittle));
        }
    }
}

/// <summary>The bytes of a tag.</summary>
internal readonly record struct ExifValue(ReadOnlyMemory<byte> Bytes, bool IsLittleEndian)
{
    /// <summary>A SHORT or LONG; 0 where it is neither.</summary>
    public uint AsNumber() => Bytes.Length is 2 or 4 ? ExifTags.Number(Bytes.Span, Bytes.Length, IsLittleEndian) : 0;
}
