using System.Text;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Provenance;

namespace RenderFarm.Diffusion.Tests.Images;

public sealed class PictureWriterTests
{
    private const int Width = 53;
    private const int Height = 34;

    private static readonly Dictionary<string, string> Texts = new()
    {
        ["parameters"] = "a café, emoji 🍕 骑马\nNegative prompt: мышь\nSteps: 20, Seed: 1, Size: 53x34",
        ["renderfarm"] = "{\"prompt\":\"emoji 🍕 骑马\"}",
        ["empty"] = "",
    };

    public static TheoryData<PictureFormat, bool> Encodings => new()
    {
        { PictureFormat.Png, false },
        { PictureFormat.Jpeg, false },
        { PictureFormat.Webp, false },
        { PictureFormat.Webp, true },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void A_picture_is_read_back_with_its_texts(PictureFormat format, bool lossless)
    {
        var encoding = new PictureEncoding { Format = format, Lossless = lossless };
        foreach (var text in new[] { null, Texts })
        {
            var file = Write(encoding, text);

            var image = InputImage.Decode(file);
            Assert.Equal((Width, Height), (image.Width, image.Height));
            Assert.Null(image.Alpha);
            var (expected, allowed) = (TestPictures.Rgb(Width, Height), lossless || format == PictureFormat.Png ? 0 : 12);
            Assert.All(Enumerable.Range(0, expected.Length), i => Assert.InRange(image.Rgb.Span[i], expected[i] - allowed, expected[i] + allowed));
            Assert.Equal(text ?? [], PictureText.Read(file));
            using var stream = new MemoryStream(file);
            Assert.Equal(text ?? [], PictureText.Read(stream));
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Plain_letters_and_a_single_text_are_read_back_too(PictureFormat format, bool lossless)
    {
        foreach (var text in new[] { new Dictionary<string, string> { ["parameters"] = "a dog\nSteps: 1" }, new Dictionary<string, string> { ["other"] = "x" } })
        {
            Assert.Equal(text, PictureText.Read(Write(new PictureEncoding { Format = format, Lossless = lossless }, text)));
        }
    }

    [Theory]
    [InlineData(PictureFormat.Jpeg)]
    [InlineData(PictureFormat.Webp)]
    public void Better_quality_is_a_larger_file(PictureFormat format)
    {
        var sizes = new[] { 10, 60, 89, 90, 100 }.Select(quality => Write(new PictureEncoding { Format = format, Quality = quality }).Length).ToList();

        Assert.Equal(sizes.Order(), sizes);
        Assert.True(sizes[^1] > sizes[0] * 2);
    }

    [Fact]
    public void A_user_comment_has_the_form_that_other_programs_read()
    {
        var jpeg = Write(new PictureEncoding { Format = PictureFormat.Jpeg }, new() { ["parameters"] = "a" });

        Assert.Equal(
            "ffd8ffe1003e457869660000"
            + "4d4d002a00000008"
            + "0001" + "8769000400000001" + "0000001a" + "00000000"
            + "0001" + "928600070000000a" + "0000002c" + "00000000"
            + "554e49434f444500" + "0061",
            Convert.ToHexStringLower(jpeg.AsSpan(0, 2 + 2 + 0x3e)));
    }

    [Theory]
    [InlineData("UNICODE\0", true)]
    [InlineData("UNICODE\0", false)]
    [InlineData("ASCII\0\0\0", false)]
    public void Comments_of_other_programs_are_read(string prefix, bool littleEndian)
    {
        const string Text = "a dog\nSteps: 20, Seed: 1";
        byte[] value = [.. Encoding.ASCII.GetBytes(prefix), .. (prefix[0] == 'A' ? Encoding.ASCII : littleEndian ? Encoding.Unicode : Encoding.BigEndianUnicode).GetBytes(Text)];
        byte[] exif =
        [
            .. "Exif\0\0II"u8, 42, 0, 8, 0, 0, 0, 1, 0, 0x69, 0x87, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0,
            1, 0, 0x86, 0x92, 7, 0, (byte)value.Length, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, .. value,
        ];
        var jpeg = Write(new PictureEncoding { Format = PictureFormat.Jpeg });

        byte[] file = [.. jpeg[..2], 0xff, 0xe1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];

        Assert.Equal(Text, PictureText.Read(file)["parameters"]);
    }

    [Fact]
    public void Packed_png_texts_are_read_unless_they_burst()
    {
        byte[] packed = [.. "few\0\0"u8, .. TestPictures.Zeros(5)];
        byte[] international = [.. "some\0\u0001\0de\0wenige\0"u8, .. TestPictures.Zeros(3)];
        byte[] burst = [.. "many\0\0"u8, .. TestPictures.Zeros(2 << 20)];
        byte[] broken = [.. "none\0\0"u8, 1, 2, 3];
        var png = TestPictures.PngOf(1, 1, 0, TestPictures.Zeros(2), TestPictures.PngChunk("zTXt", packed), TestPictures.PngChunk("iTXt", international), TestPictures.PngChunk("zTXt", burst), TestPictures.PngChunk("zTXt", broken));

        Assert.Equal(new Dictionary<string, string> { ["few"] = "\0\0\0\0\0", ["some"] = "\0\0\0" }, PictureText.Read(png));
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Damaged_files_have_other_texts_or_none(PictureFormat format, bool lossless)
    {
        var (file, random) = (Write(new PictureEncoding { Format = format, Lossless = lossless }, Texts), new Random(7));
        for (var round = 0; round < 500; round++)
        {
            var damaged = (byte[])file.Clone();
            for (var change = 0; change < 4; change++)
            {
                damaged[random.Next(12, damaged.Length)] = (byte)random.Next(256);
            }

            Assert.NotNull(PictureText.Read(damaged.AsMemory(0, random.Next(12, damaged.Length))));
        }
    }

    [Fact]
    public void A_file_that_is_no_picture_has_no_texts_to_read() =>
        Assert.Equal("The picture's format is unknown; allowed is PNG, JPEG or WebP.", Assert.Throws<InputImageException>(() => PictureText.Read("hello"u8.ToArray())).Message);

    [Fact]
    public void A_text_that_a_jpeg_cannot_hold_is_refused() =>
        Assert.StartsWith(
            "text is 80052 bytes of EXIF; allowed is at most 65527 in a JPEG",
            Assert.Throws<RenderRequestException>(() => Write(new PictureEncoding { Format = PictureFormat.Jpeg }, new() { ["parameters"] = new string('x', 40_000) })).Message,
            StringComparison.Ordinal);

    [Theory]
    [InlineData(PictureFormat.Webp, 0, false, "Quality is 0; allowed is 1 to 100.")]
    [InlineData(PictureFormat.Jpeg, 101, false, "Quality is 101; allowed is 1 to 100.")]
    [InlineData(PictureFormat.Jpeg, 90, true, "Lossless is true; allowed is false for JPEG.")]
    [InlineData((PictureFormat)7, 90, false, "Format is 7; allowed is Png, Jpeg, Webp.")]
    public void An_encoding_that_is_none_is_refused(PictureFormat format, int quality, bool lossless, string reason) =>
        Assert.Equal(reason, Assert.Throws<RenderRequestException>(() => Write(new PictureEncoding { Format = format, Quality = quality, Lossless = lossless })).Message);

    [Fact]
    public void A_size_that_webp_cannot_hold_is_refused()
    {
        using var stream = new MemoryStream();

        Assert.Contains("Webp for 16384 x 1 pixels", Assert.Throws<RenderRequestException>(() => PictureWriter.Write(stream, new byte[16384 * 3], 16384, 1, new PictureEncoding { Format = PictureFormat.Webp })).Message, StringComparison.Ordinal);
    }

    private static byte[] Write(PictureEncoding encoding, Dictionary<string, string>? text = null)
    {
        using var stream = new MemoryStream();
        PictureWriter.Write(stream, TestPictures.Rgb(Width, Height), Width, Height, encoding, text);
        return stream.ToArray();
    }
}
