using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;
using System.Numerics.Tensors;
using System.Text;
using RenderFarm.Diffusion.Images.Containers;

namespace RenderFarm.Diffusion.Images;

/// <summary>
/// Writes 8-bit RGB pictures as PNG (ISO/IEC 15948), for speed: every row with Paeth's filter, which leaves so little of a rendered
/// picture's colours that looking for repetitions finds runs of one value and not much else.
/// </summary>
public static class PngWriter
{
    private const int Channels = 3;
    private const byte Paeth = 4;

    private static readonly ZLibCompressionOptions Packing = new() { CompressionLevel = 1, CompressionStrategy = ZLibCompressionStrategy.RunLengthEncoding };

    /// <summary>Writes a picture of rows of RGB bytes, with text chunks if given.</summary>
    public static void Write(Stream stream, ReadOnlySpan<byte> rgb, int width, int height, IReadOnlyDictionary<string, string>? text = null)
    {
        if (width <= 0 || height <= 0 || rgb.Length != (long)width * height * Channels)
        {
            throw new ArgumentException($"{rgb.Length} bytes are not {width} x {height} pixels of {Channels} bytes.", nameof(rgb));
        }

        stream.Write(PngChunks.Signature);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8;  // bits per channel
        header[9] = 2;  // RGB; compression, filter method and interlace stay 0
        WriteChunk(stream, "IHDR"u8, header);
        foreach (var (keyword, value) in text ?? new Dictionary<string, string>())
        {
            WriteText(stream, keyword, value);
        }

        using var data = new MemoryStream((rgb.Length / 2) + 1024);
        using (var zlib = new ZLibStream(data, Packing, leaveOpen: true))
        {
            WriteRows(zlib, rgb, width * Channels);
        }

        WriteChunk(stream, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        WriteChunk(stream, "IEND"u8, []);
    }

    private static void WriteRows(ZLibStream zlib, ReadOnlySpan<byte> rgb, int stride)
    {
        ReadOnlySpan<byte> above = new byte[stride];
        var filtered = new byte[stride + 1];
        filtered[0] = Paeth;
        for (; rgb.Length > 0; rgb = rgb[stride..])
        {
            var row = rgb[..stride];
            Filter(row, above, filtered.AsSpan(1));
            zlib.Write(filtered);
            above = row;
        }
    }

    // 9.4: of left (a), above (b) and above left (c), the one nearest to p = a + b - c is taken off; so |p - a| = |b - c|, |p - b| = |a - c|,
    // and |p - c| is their sum where both differences have the same sign, else the difference between them. A sum beyond a byte is never the least.
    private static void Filter(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, Span<byte> filtered)
    {
        TensorPrimitives.Subtract(row[..Channels], above[..Channels], filtered);
        var at = Channels;
        for (; at <= row.Length - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            var (a, b, c) = (new Vector<byte>(row[(at - Channels)..]), new Vector<byte>(above[at..]), new Vector<byte>(above[(at - Channels)..]));
            var (toA, toB) = (Difference(b, c), Difference(a, c));
            var isOneWay = Vector.Equals(Vector.GreaterThanOrEqual(b, c), Vector.GreaterThanOrEqual(a, c));
            var toC = Vector.ConditionalSelect(isOneWay, Vector.AddSaturate(toA, toB), Difference(toA, toB));
            var nearest = Vector.ConditionalSelect(
                Vector.LessThanOrEqual(toA, toB) & Vector.LessThanOrEqual(toA, toC), a, Vector.ConditionalSelect(Vector.LessThanOrEqual(toB, toC), b, c));
            (new Vector<byte>(row[at..]) - nearest).CopyTo(filtered[at..]);
        }

        for (; at < row.Length; at++)
        {
            int a = row[at - Channels], b = above[at], c = above[at - Channels];
            var (toA, toB, toC) = (Math.Abs(b - c), Math.Abs(a - c), Math.Abs(a + b - (2 * c)));
            filtered[at] = (byte)(row[at] - (toA <= toB && toA <= toC ? a : toB <= toC ? b : c));
        }
    }

    private static Vector<byte> Difference(Vector<byte> a, Vector<byte> b) => Vector.Max(a, b) - Vector.Min(a, b);

    /// <summary>tEXt where Latin-1 can hold the text, else iTXt.</summary>
    private static void WriteText(Stream stream, string keyword, string value)
    {
        if (keyword.Length is 0 or > 79 || keyword.Any(character => character is < ' ' or > '~'))
        {
            throw new ArgumentException($"The PNG keyword '{keyword}' must be 1 to 79 printable ASCII characters.", nameof(keyword));
        }

        var isLatin1 = !value.Any(character => character is '\0' or > '\u00ff');
        byte[] prefix = [.. Encoding.Latin1.GetBytes(keyword), 0];

        // iTXt: not compressed, method 0, no language, no translated keyword.
        byte[] body = isLatin1
            ? [.. prefix, .. Encoding.Latin1.GetBytes(value)]
            : [.. prefix, 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(value.Replace("\0", "", StringComparison.Ordinal))];
        WriteChunk(stream, isLatin1 ? "tEXt"u8 : "iTXt"u8, body);
    }

    private static void WriteChunk(Stream stream, ReadOnlySpan<byte> type, ReadOnlySpan<byte> body)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, body.Length);
        stream.Write(number);
        stream.Write(type);
        stream.Write(body);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(body);
        BinaryPrimitives.WriteUInt32BigEndian(number, crc.GetCurrentHashAsUInt32());
        stream.Write(number);
    }
}
