using System.Buffers.Binary;
using System.Text;

namespace RenderFarm.Diffusion.Images.Containers;

/// <summary>The chunks of a WebP file (RFC 9649, section 2.3), up to the first that is cut off.</summary>
internal static class RiffChunks
{
    public const int HeaderLength = 12;
    private const int NameAndLength = 8;

    public static bool IsWebp(ReadOnlySpan<byte> file) =>
        file.Length >= HeaderLength && file.StartsWith("RIFF"u8) && file[8..].StartsWith("WEBP"u8);

    public static IEnumerable<Chunk> Of(ReadOnlyMemory<byte> file)
    {
        var rest = file[HeaderLength..];
        while (rest.Length >= NameAndLength)
        {
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[4..]);
            if (length > rest.Length - NameAndLength)
            {
                yield break;
            }

            yield return new Chunk(Chunk.Name(rest.Span[..4]), rest.Slice(NameAndLength, (int)length));

            // Chunks start at even places.
            rest = rest[Math.Min(rest.Length, NameAndLength + (int)length + ((int)length & 1))..];
        }
    }

    /// <summary>The file with an EXIF block as its last chunk, in the extended form that allows for one.</summary>
    public static byte[] WithExif(ReadOnlyMemory<byte> file, ReadOnlySpan<byte> exif, int width, int height)
    {
        var chunks = Of(file).ToList();
        using var extended = new MemoryStream(file.Length + exif.Length + 64);
        extended.Write(file.Span[..HeaderLength]);
        Write(extended, "VP8X"u8, Features(chunks[0], width, height));
        foreach (var chunk in chunks.Where(chunk => chunk.Type != "VP8X"))
        {
            Write(extended, Encoding.Latin1.GetBytes(chunk.Type), chunk.Bytes);
        }

        Write(extended, "EXIF"u8, exif);
        var bytes = extended.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), bytes.Length - NameAndLength);
        return bytes;
    }

    // Section 2.7: flags, three bytes of zero, width and height less one in three bytes each.
    private static byte[] Features(Chunk first, int width, int height)
    {
        const byte HasExif = 0x08;
        const byte HasAlpha = 0x10;
        const int LosslessAlphaByte = 4;
        if (first.Type == "VP8X")
        {
            var features = first.Bytes.ToArray();
            features[0] |= HasExif;
            return features;
        }

        var isTransparent = first.Type == "VP8L" && (first.Bytes[LosslessAlphaByte] & 0x10) != 0;
        var (w, h) = (width - 1, height - 1);
        return [(byte)(HasExif | (isTransparent ? HasAlpha : 0)), 0, 0, 0, (byte)w, (byte)(w >> 8), (byte)(w >> 16), (byte)h, (byte)(h >> 8), (byte)(h >> 16)];
    }

    private static void Write(MemoryStream to, ReadOnlySpan<byte> name, ReadOnlySpan<byte> body)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, body.Length);
        to.Write(name);
        to.Write(length);
        to.Write(body);
        if (body.Length % 2 == 1)
        {
            to.WriteByte(0);
        }
    }
}
