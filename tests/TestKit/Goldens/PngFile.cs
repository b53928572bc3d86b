using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace RenderFarm.TestKit.Goldens;

/// <summary>An 8-bit RGB or grey PNG, read by the letter of the standard so that written pictures are checked by other code than wrote them.</summary>
public sealed record PngFile(int Width, int Height, byte[] Rgb, IReadOnlyDictionary<string, string> Text)
{
    private const int Channels = 3;

    public static PngFile Read(string path) => Read(File.ReadAllBytes(path));

    public static PngFile Read(byte[] bytes)
    {
        if (!bytes.AsSpan(0, 8).SequenceEqual<byte>([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
        {
            throw new InvalidDataException("The PNG signature is missing.");
        }

        var (width, height) = (0, 0);
        var channels = Channels;
        var text = new Dictionary<string, string>();
        using var data = new MemoryStream();
        for (var at = 8; at < bytes.Length;)
        {
            var body = bytes.AsSpan(at + 8, BinaryPrimitives.ReadInt32BigEndian(bytes.AsSpan(at)));
            var type = Encoding.ASCII.GetString(bytes, at + 4, 4);
            if (Crc(bytes.AsSpan(at + 4, body.Length + 4)) != BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at + 8 + body.Length)))
            {
                throw new InvalidDataException($"The checksum of {type} is wrong.");
            }

            switch (type)
            {
                case "IHDR":
                    (width, height) = (BinaryPrimitives.ReadInt32BigEndian(body), BinaryPrimitives.ReadInt32BigEndian(body[4..]));
                    channels = body[8..] switch
                    {
                        [8, 2, 0, 0, 0] => Channels,
                        [8, 0, 0, 0, 0] => 1,
                        _ => throw new InvalidDataException("Only 8-bit RGB and grey without interlace are read."),
                    };

                    break;
                case "IDAT":
                    data.Write(body);
                    break;
                case "tEXt":
                    var end = body.IndexOf((byte)0);
                    text.Add(Encoding.Latin1.GetString(body[..end]), Encoding.Latin1.GetString(body[(end + 1)..]));
                    break;
                case "iTXt":
                    // keyword, 0, compressed?, method, language, 0, translated keyword, 0, text
                    var parts = Encoding.UTF8.GetString(body).Split('\0', 6);
                    text.Add(parts[0], parts[5]);
                    break;
            }

            at += body.Length + 12;
        }

        data.Position = 0;
        using var zlib = new ZLibStream(data, CompressionMode.Decompress);
        using var rows = new MemoryStream();
        zlib.CopyTo(rows);
        var samples = Unfilter(rows.ToArray(), width * channels, height, channels);
        return new PngFile(width, height, channels == Channels ? samples : [.. samples.SelectMany(grey => Enumerable.Repeat(grey, Channels))], text);
    }

    private static byte[] Unfilter(byte[] rows, int stride, int height, int channels)
    {
        var rgb = new byte[stride * height];
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < stride; x++)
            {
                var at = (y * stride) + x;
                int left = x < channels ? 0 : rgb[at - channels];
                int up = y == 0 ? 0 : rgb[at - stride];
                int corner = x < channels || y == 0 ? 0 : rgb[at - stride - channels];
                var predicted = rows[y * (stride + 1)] switch
                {
                    0 => 0,
                    1 => left,
                    2 => up,
                    3 => (left + up) / 2,
                    4 => Paeth(left, up, corner),
                    var other => throw new InvalidDataException($"There is no filter {other}."),
                };
                rgb[at] = (byte)(rows[(y * (stride + 1)) + 1 + x] + predicted);
            }
        }

        return rgb;
    }

    private static int Paeth(int left, int up, int corner)
    {
        var (toLeft, toUp, toCorner) = (Math.Abs(up - corner), Math.Abs(left - corner), Math.Abs(left + up - (2 * corner)));
        return toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) * 0xedb88320);
            }
        }

        return ~crc;
    }
}
