using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using RenderFarm.Diffusion.Images;
using SkiaSharp;

namespace RenderFarm.Diffusion.Tests.Images;

/// <summary>Picture files made for a test, by other code than the library's where there is some.</summary>
internal static class TestPictures
{
    /// <summary>A smooth picture whose four corners differ.</summary>
    public static byte[] Rgb(int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (var i = 0; i < width * height; i++)
        {
            var (x, y) = (i % width, i / width);
            (rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]) = ((byte)(x * 255 / width), (byte)(y * 255 / height), (byte)((x + y) * 127 / (width + height)));
        }

        return rgb;
    }

    public static byte[] Png(int width, int height) => Png(Rgb(width, height), width, height);

    public static byte[] Png(byte[] rgb, int width, int height)
    {
        using var stream = new MemoryStream();
        PngWriter.Write(stream, rgb, width, height);
        return stream.ToArray();
    }

    /// <summary>By Skia, at the best quality that the format has.</summary>
    public static byte[] Skia(SKEncodedImageFormat format, int width, int height, int quality = 100, byte[]? alpha = null)
    {
        var rgb = Rgb(width, height);
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, alpha is null ? SKAlphaType.Opaque : SKAlphaType.Unpremul));
        for (var i = 0; i < width * height; i++)
        {
            bitmap.SetPixel(i % width, i / width, new SKColor(rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2], alpha?[i] ?? 255));
        }

        using var data = bitmap.Encode(format, quality);
        return data.ToArray();
    }

    /// <summary>A BMP of 24 bits, rows from the bottom.</summary>
    public static byte[] Bmp(int width, int height)
    {
        var (rgb, stride) = (Rgb(width, height), (((width * 3) + 3) / 4) * 4);
        var file = new byte[54 + (stride * height)];
        "BM"u8.CopyTo(file);
        (file[10], file[14], file[26], file[28]) = (54, 40, 1, 24);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        for (var i = 0; i < width * height; i++)
        {
            var to = 54 + ((height - 1 - (i / width)) * stride) + (i % width * 3);
            (file[to], file[to + 1], file[to + 2]) = (rgb[(3 * i) + 2], rgb[(3 * i) + 1], rgb[3 * i]);
        }

        return file;
    }

    /// <summary>A GIF of one colour: red, of a palette of four; further frames are green.</summary>
    public static byte[] Gif(int width, int height, int frames = 1)
    {
        List<byte> file = [.. "GIF89a"u8, .. Short(width), .. Short(height), 0x81, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255];
        for (var frame = 0; frame < frames; frame++)
        {
            file.AddRange([0x2c, 0, 0, 0, 0, .. Short(width), .. Short(height), 0, 2]);

            // Codes of three bits: clear before each pixel, so that they never grow.
            var bits = new List<bool>();
            for (var i = 0; i < width * height; i++)
            {
                Code(bits, 4);
                Code(bits, frame == 0 ? 0 : 1);
            }

            Code(bits, 5);
            byte[] packed = [.. bits.Chunk(8).Select(eight => (byte)eight.Select((bit, at) => bit ? 1 << at : 0).Sum())];
            file.AddRange(packed.Chunk(255).SelectMany(block => new[] { (byte)block.Length }.Concat(block)));
            file.Add(0);
        }

        return [.. file, 0x3b];
    }

    public static byte[] PngChunk(string type, ReadOnlySpan<byte> body)
    {
        var chunk = new byte[body.Length + 12];
        BinaryPrimitives.WriteInt32BigEndian(chunk, body.Length);
        for (var i = 0; i < 4; i++)
        {
            chunk[4 + i] = (byte)type[i];
        }

        body.CopyTo(chunk.AsSpan(8));
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(8 + body.Length), Crc32.HashToUInt32(chunk.AsSpan(4, body.Length + 4)));
        return chunk;
    }

    /// <summary>A PNG with any header and any packed bytes; 8 bits a channel.</summary>
    public static byte[] PngOf(uint width, uint height, byte colour, byte[] packed, params byte[][] before)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteUInt32BigEndian(header, width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, colour);
        return [0x89, .. "PNG\r\n"u8, 0x1a, (byte)'\n', .. PngChunk("IHDR", header), .. before.SelectMany(chunk => chunk), .. PngChunk("IDAT", packed), .. PngChunk("IEND", [])];
    }

    public static byte[] Zeros(long bytes)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            var block = new byte[1 << 16];
            for (var left = bytes; left > 0; left -= block.Length)
            {
                zlib.Write(block, 0, (int)Math.Min(left, block.Length));
            }
        }

        return packed.ToArray();
    }

    /// <summary>An EXIF block with an orientation and nothing else.</summary>
    public static byte[] Exif(byte orientation, bool littleEndian) => littleEndian
        ? [.. "II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0]
        : [.. "MM"u8, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];

    private static byte[] Short(int value) => [(byte)value, (byte)(value >> 8)];

    private static void Code(List<bool> bits, int code)
    {
        for (var bit = 0; bit < 3; bit++)
        {
            bits.Add(((code >> bit) & 1) == 1);
        }
    }
}
