using System.Buffers.Binary;

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
}
