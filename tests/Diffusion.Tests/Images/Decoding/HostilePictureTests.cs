using System.Buffers.Binary;
using RenderFarm.Diffusion.Images;
using SkiaSharp;

namespace RenderFarm.Diffusion.Tests.Images.Decoding;

/// <summary>Files that lie: refused by their headers, before any pixel is unpacked.</summary>
public sealed class HostilePictureTests
{
    // Less than any of the announced pictures would take.
    private const long NothingDecoded = 4 << 20;

    public static TheoryData<string, string> Bombs => new()
    {
        { "png wide", "width is 8193 pixels; allowed is 1 to 8192 pixels" },
        { "png huge", "width is 2147483647 pixels; allowed is 1 to 8192 pixels" },
        { "png large", "size is 8192 x 2049, 16,785,408 pixels; allowed is at most 16,777,216 pixels" },
        { "png empty", "height is 0 pixels; allowed is 1 to 8192 pixels" },
        { "png packed", "packed data is 100,000 bytes; allowed is 0 to 65,544 bytes for 1 x 1 pixels" },
        { "png hollow", "packed data is 10 bytes; allowed is 48,774 to 100,737,024 bytes for 4096 x 4096 pixels" },
        { "gif", "width is 65535 pixels; allowed is 1 to 8192 pixels" },
        { "webp", "width is 16383 pixels; allowed is 1 to 8192 pixels" },
        { "lossless webp", "height is 16384 pixels; allowed is 1 to 8192 pixels" },
        { "extended webp", "width is 16777216 pixels; allowed is 1 to 8192 pixels" },
        { "bmp", "height is 2147483648 pixels; allowed is 1 to 8192 pixels" },
        { "jpeg", "height is 65535 pixels; allowed is 1 to 8192 pixels" },
        { "jpeg scans", "number of scans is 33 or more; allowed is at most 32" },
        { "long", "file is 20,971,521 bytes; allowed is 1 to 20,971,520 bytes" },
        { "nothing", "file is 0 bytes; allowed is 1 to 20,971,520 bytes" },
        { "text", "format is unknown, its first bytes are 3c73766720786d6c; allowed is PNG, JPEG, WebP, GIF or BMP" },
    };

    [Theory]
    [MemberData(nameof(Bombs))]
    public void A_bomb_is_refused_before_it_is_decoded(string bomb, string reason)
    {
        var file = Bomb(bomb);
        Assert.Throws<InputImageException>(() => InputImage.Decode(file));
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<InputImageException>(() => InputImage.Decode(file));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, NothingDecoded);
        Assert.Equal($"The picture's {reason}.", error.Message);
    }

    [Fact]
    public void Packed_texts_and_colour_profiles_are_never_unpacked()
    {
        var zeros = TestPictures.Zeros(64 << 20);
        byte[] profile = [.. "a\0\0"u8, .. zeros];
        byte[] text = [.. "a\0\u0001\0\0\0"u8, .. zeros];
        var png = TestPictures.PngOf(2, 1, colour: 0, TestPictures.Zeros(3), TestPictures.PngChunk("iCCP", profile), TestPictures.PngChunk("iTXt", text), TestPictures.PngChunk("zTXt", profile));
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.Equal(new byte[6], InputImage.Decode(png).Rgb.ToArray());
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, NothingDecoded);
    }

    [Fact]
    public void A_stream_without_end_is_left_at_the_limit()
    {
        using var endless = new EndlessStream();

        Assert.Throws<InputImageException>(() => InputImage.Decode(endless));
        Assert.InRange(endless.Given, InputLimits.MaxBytes, InputLimits.MaxBytes + (1 << 20));
    }

    [Theory]
    [InlineData("png")]
    [InlineData("jpeg")]
    [InlineData("webp")]
    [InlineData("gif")]
    [InlineData("bmp")]
    public void Half_a_file_is_refused(string format)
    {
        var file = Valid(format);

        var error = Assert.Throws<InputImageException>(() => InputImage.Decode(file.AsMemory(0, file.Length / 2)));

        Assert.Matches("^The picture's (file|packed data) is .+; allowed is .+", error.Message);
    }

    [Theory]
    [InlineData("png", 1)]
    [InlineData("jpeg", 2)]
    [InlineData("webp", 3)]
    [InlineData("lossless webp", 4)]
    [InlineData("gif", 5)]
    [InlineData("bmp", 6)]
    public void Damaged_files_are_read_or_refused_and_nothing_else_happens(string format, int seed)
    {
        var random = new Random(seed);
        var valid = Valid(format);
        var refused = 0;
        for (var round = 0; round < 400; round++)
        {
            try
            {
                var image = InputImage.Decode(Damaged(valid, random));
                Assert.Equal(image.Width * image.Height * 3, image.Rgb.Length);
            }
            catch (InputImageException error)
            {
                Assert.Matches("^The picture's .+ is .+; allowed is .+", error.Message);
                refused++;
            }
        }

        Assert.InRange(refused, 1, 400);
    }

    private static byte[] Damaged(byte[] valid, Random random)
    {
        var file = (byte[])valid.Clone();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            // Headers are where the lies are told, so half of the damage is done there.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(64, file.Length) : file.Length);
            switch (random.Next(4))
            {
                case 0:
                    file[at] = (byte)random.Next(256);
                    break;
                case 1:
                    file[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    file = [.. file[..at], .. file[Math.Min(file.Length, at + random.Next(1, 20))..]];
                    file = file.Length == 0 ? [0] : file;
                    break;
                default:
                    byte[] more = new byte[random.Next(1, 20)];
                    random.NextBytes(more);
                    file = [.. file[..at], .. more, .. file[at..]];
                    break;
            }
        }

        return file;
    }

    private static byte[] Valid(string format) => format switch
    {
        "png" => TestPictures.Skia(SKEncodedImageFormat.Png, 40, 30),
        "jpeg" => TestPictures.Skia(SKEncodedImageFormat.Jpeg, 40, 30),
        "webp" => TestPictures.Skia(SKEncodedImageFormat.Webp, 40, 30, quality: 80),
        "lossless webp" => TestPictures.Skia(SKEncodedImageFormat.Webp, 40, 30),
        "gif" => TestPictures.Gif(40, 30, frames: 2),
        _ => TestPictures.Bmp(40, 30),
    };

    private static byte[] Bomb(string name) => name switch
    {
        "png wide" => TestPictures.PngOf(8193, 1, 2, []),
        "png huge" => TestPictures.PngOf(int.MaxValue, int.MaxValue, 2, []),
        "png large" => TestPictures.PngOf(8192, 2049, 2, []),
        "png empty" => TestPictures.PngOf(1, 0, 2, []),
        "png packed" => TestPictures.PngOf(1, 1, 2, [.. TestPictures.Zeros(64 << 20).Concat(new byte[100_000]).Take(100_000)]),
        "png hollow" => TestPictures.PngOf(4096, 4096, 2, new byte[10]),
        "gif" => [.. "GIF89a"u8, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0x3b],
        "webp" => Riff("VP8 ", [0x10, 0, 0, 0x9d, 1, 0x2a, 0xff, 0x3f, 0xff, 0x3f]),
        "lossless webp" => Riff("VP8L", [0x2f, 0, 0xc0, 0xff, 0x0f]),
        "extended webp" => Riff("VP8X", [0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        "bmp" => BmpWithHeight(int.MinValue),
        "jpeg" => [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0xff, 0xff, 0, 16, 1, 1, 0x11, 0],
        "jpeg scans" => [0xff, 0xd8, 0xff, 0xc2, 0, 11, 8, 0x10, 0, 0x10, 0, 1, 1, 0x11, 0, .. Enumerable.Repeat<byte[]>([0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0], 40).SelectMany(scan => scan)],
        "long" => [.. "GIF89a"u8, .. new byte[(20 << 20) - 5]],
        "nothing" => [],
        _ => [.. "<svg xmlns='http://www.w3.org/2000/svg'/>"u8],
    };

    private static byte[] Riff(string chunk, byte[] body)
    {
        var padded = body.Length + (body.Length & 1);
        return [.. "RIFF"u8, (byte)(12 + padded), 0, 0, 0, .. "WEBP"u8, .. chunk.Select(letter => (byte)letter), (byte)body.Length, 0, 0, 0, .. body, .. new byte[padded - body.Length]];
    }

    private static byte[] BmpWithHeight(int height)
    {
        var file = TestPictures.Bmp(4, 4);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), height);
        return file;
    }

    /// <summary>Begins as a PNG and goes on for ever.</summary>
    private sealed class EndlessStream : Stream
    {
        public long Given { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Given;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            Given += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
