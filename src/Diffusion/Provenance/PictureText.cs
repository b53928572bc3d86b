using System.IO.Compression;
using System.Text;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Images.Containers;
using RenderFarm.Diffusion.Images.Decoding;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>Reads the texts that a picture file carries: PNG text chunks, the EXIF user comment of JPEG and WebP as "parameters".</summary>
public static class PictureText
{
    // The largest picture there is, as a PNG that did not pack.
    private const int MaxFileBytes = 64 << 20;
    private const int MaxTextBytes = 1 << 20;

    /// <summary>The texts by keyword; none where the file has none. Throws <see cref="InputImageException"/> for a file that is none of the three.</summary>
    public static IReadOnlyDictionary<string, string> Read(Stream stream) => Read(BoundedRead.All(stream, MaxFileBytes));

    /// <summary>The texts by keyword; none where the file has none. Throws <see cref="InputImageException"/> for a file that is none of the three.</summary>
    public static IReadOnlyDictionary<string, string> Read(ReadOnlyMemory<byte> file)
    {
        var found =
            PngChunks.IsPng(file.Span) ? PngChunks.Of(file).SelectMany(OfPngChunk)
            : JpegSegments.IsJpeg(file.Span) ? JpegSegments.Of(file).Where(x => x.Type == JpegSegments.App1 && x.Bytes.StartsWith(ExifTags.Prefix)).SelectMany(x => ExifText.Read(x.Body))
            : RiffChunks.IsWebp(file.Span) ? RiffChunks.Of(file).Where(x => x.Type == "EXIF").SelectMany(x => ExifText.Read(x.Body))
            : throw new InputImageException("format", "unknown", "PNG, JPEG or WebP");
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (keyword, value) in found)
        {
            texts.TryAdd(keyword, value);
        }

        return texts;
    }

    // ISO/IEC 15948, 11.3.4: keyword, 0, and then by the kind of chunk.
    private static IEnumerable<KeyValuePair<string, string>> OfPngChunk(Chunk chunk)
    {
        var end = chunk.Bytes.IndexOf((byte)0);
        if (end < 1 || chunk.Type is not ("tEXt" or "zTXt" or "iTXt"))
        {
            return [];
        }

        var rest = chunk.Body[(end + 1)..];
        var value = chunk.Type switch
        {
            "tEXt" => Encoding.Latin1.GetString(rest.Span),
            "zTXt" => rest.Length > 1 ? Unpacked(rest[1..], Encoding.Latin1) : null,
            _ => International(rest),
        };
        return value is null ? [] : [new(Encoding.Latin1.GetString(chunk.Bytes[..end]), value)];
    }

    // Packed or not, the method, language, 0, translated keyword, 0, text.
    private static string? International(ReadOnlyMemory<byte> rest)
    {
        const int Flags = 2;
        var language = rest.Length < Flags ? -1 : rest.Span[Flags..].IndexOf((byte)0);
        var translated = language < 0 ? -1 : rest.Span[(Flags + language + 1)..].IndexOf((byte)0);
        if (translated < 0)
        {
            return null;
        }

        var text = rest[(Flags + language + 1 + translated + 1)..];
        return rest.Span[0] == 0 ? Encoding.UTF8.GetString(text.Span) : Unpacked(text, Encoding.UTF8);
    }

    // A text that does not unpack, or to more than any prompt is, is left out.
    private static string? Unpacked(ReadOnlyMemory<byte> packed, Encoding encoding)
    {
        using var zlib = new ZLibStream(new MemoryStream(packed.ToArray()), CompressionMode.Decompress);
        var text = new byte[MaxTextBytes + 1];
        try
        {
            var length = zlib.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            return length > MaxTextBytes ? null : encoding.GetString(text, 0, length);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }
}
