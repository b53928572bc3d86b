using System.Buffers.Binary;

namespace RenderFarm.Diffusion.Images.Containers;

/// <summary>The chunks of a PNG file (ISO/IEC 15948, 5.3), up to the first that is cut off.</summary>
internal static class PngChunks
{
    private const int NumberAndType = 8;
    private const int Checksum = 4;

    public static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a];

    public static bool IsPng(ReadOnlySpan<byte> file) => file.StartsWith(Signature);

    public static IEnumerable<Chunk> Of(ReadOnlyMemory<byte> file) => WithFrames(file).Select(one => one.Chunk);

    /// <summary>The file without the chunks that only tell about the picture: a decoder then has no text or colour profile to unpack.</summary>
    public static byte[] Essential(ReadOnlyMemory<byte> file)
    {
        using var kept = new MemoryStream(file.Length);
        kept.Write(Signature);
        foreach (var (chunk, frame) in WithFrames(file))
        {
            if (chunk.Type is "IHDR" or "PLTE" or "tRNS" or "IDAT" or "IEND")
            {
                kept.Write(frame.Span);
            }
        }

        return kept.ToArray();
    }

    private static IEnumerable<(Chunk Chunk, ReadOnlyMemory<byte> Frame)> WithFrames(ReadOnlyMemory<byte> file)
    {
        var rest = file[Signature.Length..];
        while (rest.Length >= NumberAndType + Checksum)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(rest.Span);
            if (length > rest.Length - NumberAndType - Checksum)
            {
                yield break;
            }

            var frame = rest[..(NumberAndType + (int)length + Checksum)];
            yield return (new Chunk(Chunk.Name(frame.Span[4..8]), frame[NumberAndType..^Checksum]), frame);
            rest = rest[frame.Length..];
        }
    }
}
