using System.Buffers.Binary;
using System.Globalization;
using RenderFarm.Diffusion.Images.Containers;

namespace RenderFarm.Diffusion.Images.Decoding;

/// <summary>The header of a PNG file, and whether its packed bytes can be the picture it announces.</summary>
internal static class PngHeader
{
    // Deflate packs a byte into at least 1/1032 of one (258 bytes in two bits), and grows what it cannot pack by far less than twice.
    private const int MostPacked = 1032;
    private const int MostGrown = 2;
    private const int Slack = 1 << 16;

    public static ImageHeader Read(ReadOnlyMemory<byte> file)
    {
        ImageHeader? header = null;
        var (rawBytes, packedBytes, orientation) = (0L, 0L, 1);
        foreach (var chunk in PngChunks.Of(file))
        {
            if (header is null)
            {
                header = chunk.Type == "IHDR" && chunk.Bytes.Length == 13
                    ? new ImageHeader(InputFormat.Png, BinaryPrimitives.ReadUInt32BigEndian(chunk.Bytes), BinaryPrimitives.ReadUInt32BigEndian(chunk.Bytes[4..]))
                    : throw ImageHeader.Broken(InputFormat.Png, $"begun with {chunk.Type} instead of IHDR");
                InputLimits.CheckSize(header.Width, header.Height);
                rawBytes = RawBytes(header, bits: chunk.Bytes[8], colour: chunk.Bytes[9]);
            }

            packedBytes += chunk.Type == "IDAT" ? chunk.Bytes.Length : 0;
            orientation = chunk.Type == "eXIf" ? ImageHeader.OrientationOf(chunk.Body) : orientation;
        }

        if (header is null)
        {
            throw ImageHeader.Broken(InputFormat.Png, "cut off in its header");
        }

        var (least, most) = (rawBytes / MostPacked, (rawBytes * MostGrown) + Slack);
        return packedBytes >= least && packedBytes <= most
            ? header with { Orientation = orientation }
            : throw new InputImageException(
                "packed data",
                string.Create(CultureInfo.InvariantCulture, $"{packedBytes:N0} bytes"),
                string.Create(CultureInfo.InvariantCulture, $"{least:N0} to {most:N0} bytes for {header.Width} x {header.Height} pixels"));
    }

    private static long RawBytes(ImageHeader header, int bits, int colour)
    {
        var channels = colour switch
        {
            0 or 3 => 1,
            2 => 3,
            4 => 2,
            6 => 4,
            _ => throw new InputImageException("colour type", $"{colour}", "0, 2, 3, 4 or 6"),
        };
        return header.Height * (1 + (((header.Width * channels * bits) + 7) / 8));
    }
}
