using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Numerics;
using System.Numerics.Tensors;
using System.Text;
using RenderFarm.Diffusion.Images.Containers;

namespace RenderFarm.Diffusion.Images;

/// <summary>Writes 8-bit RGB pictures as PNG (ISO/IEC 15948), each row with the better of the filters Sub and Up.</summary>
public static class PngWriter
{
    private const int Channels = 3;
    private const byte Sub = 1;
    private const byte Up = 2;

    // With these filters higher levels of zlib cost much time and save next to nothing.
    private const int ZlibLevel = 3;

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
        using (var zlib = new ZLibStream(data, new ZLibCompressionOptions { CompressionLevel = ZlibLevel }, leaveOpen: true))
        {
            WriteRows(zlib, rgb, width * Channels);
        }

        WriteChunk(stream, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        WriteChunk(stream, "IEND"u8, []);
    }

    private static void WriteRows(ZLibStream zlib, ReadOnlySpan<byte> rgb, int stride)
    {
        var sub = new byte[stride + 1];
        var up = new byte[stride + 1];
        (sub[0], up[0]) = (Sub, Up);
        for (var start = 0; start < rgb.Length; start += stride)
        {
            var row = rgb.Slice(start, stride);
            row[..Channels].CopyTo(sub.AsSpan(1));
            TensorPrimitives.Subtract(row[Channels..], row[..^Channels], sub.AsSpan(1 + Channels));
            if (start == 0)
            {
                zlib.Write(sub);
                continue;
            }

            TensorPrimitives.Subtract(row, rgb.Slice(start - stride, stride), up.AsSpan(1));
            zlib.Write(Magnitude(sub.AsSpan(1)) <= Magnitude(up.AsSpan(1)) ? sub : up);
        }
    }

    // The sum of the differences as signed bytes, the usual measure of how well a row will pack.
    private static long Magnitude(ReadOnlySpan<byte> row)
    {
        var sums = Vector<uint>.Zero;
        var at = 0;
        for (; at <= row.Length - Vector<byte>.Count; at += Vector<byte>.Count)
        {
            var differences = new Vector<byte>(row[at..]);
            Vector.Widen(Vector.Min(differences, -differences), out var low, out var high);
            Vector.Widen(low + high, out var first, out var second);
            sums += first + second;
        }

        long sum = Vector.Sum(sums);
        foreach (var difference in row[at..])
        {
            sum += Math.Min(difference, (byte)-difference);
        }

        return sum;
    }

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
