using RenderFarm.Diffusion.Images;
using SkiaSharp;

namespace RenderFarm.Diffusion.Tests.Images;

public sealed class InputImageTests
{
    private const int Width = 37;
    private const int Height = 23;

    public static TheoryData<string, int> Formats => new()
    {
        { "png", 0 },
        { "skia png", 0 },
        { "bmp", 0 },
        { "lossless webp", 0 },
        { "webp", 12 },
        { "jpeg", 12 },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_picture_comes_in_as_it_was_written(string format, int difference)
    {
        var image = InputImage.Decode(File(format));

        Assert.Equal((Width, Height), (image.Width, image.Height));
        Assert.Null(image.Alpha);
        var expected = TestPictures.Rgb(Width, Height);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.InRange(image.Rgb.Span[i], expected[i] - difference, expected[i] + difference);
        }
    }

    [Fact]
    public void A_stream_is_read_as_its_bytes_are()
    {
        using var stream = new MemoryStream(File("png"));

        Assert.Equal(TestPictures.Rgb(Width, Height), InputImage.Decode(stream).Rgb.ToArray());
    }

    [Fact]
    public void Of_a_moving_gif_the_first_frame_is_taken()
    {
        var image = InputImage.Decode(TestPictures.Gif(9, 5, frames: 3));

        Assert.Equal((9, 5), (image.Width, image.Height));
        Assert.All(image.Rgb.ToArray().Chunk(3), pixel => Assert.Equal([255, 0, 0], pixel));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public void Transparency_is_kept_beside_the_colours(SKEncodedImageFormat format)
    {
        byte[] alpha = [.. Enumerable.Range(0, Width * Height).Select(i => (byte)(i * 255 / (Width * Height)))];

        var image = InputImage.Decode(TestPictures.Skia(format, Width, Height, 100, alpha));

        Assert.Equal(alpha, image.Alpha!.Value.ToArray());
        var (opaque, flat) = (((Width * Height) - 1) * 3, image.Flattened());
        Assert.Equal([255, 255, 255], flat.Rgb.Span[..3].ToArray());
        Assert.InRange(flat.Rgb.Span[opaque], image.Rgb.Span[opaque] - 2, image.Rgb.Span[opaque] + 2);
        Assert.Null(flat.Alpha);
    }

    [Fact]
    public void A_grey_picture_has_three_equal_channels()
    {
        var image = InputImage.Decode(TestPictures.PngOf(2, 2, colour: 0, Packed(0, 10, 20, 0, 30, 40)));

        Assert.Equal([10, 10, 10, 20, 20, 20, 30, 30, 30, 40, 40, 40], image.Rgb.ToArray());
    }

    [Fact]
    public void Flattening_an_opaque_picture_changes_nothing()
    {
        var image = InputImage.Decode(File("png"));

        Assert.Same(image, image.Flattened());
    }

    // The picture is 2 x 3 with the values 1 to 6; what each orientation makes of it is drawn by hand from the standard's words.
    [Theory]
    [InlineData(1, 2, new byte[] { 1, 2, 3, 4, 5, 6 })]
    [InlineData(2, 2, new byte[] { 2, 1, 4, 3, 6, 5 })]
    [InlineData(3, 2, new byte[] { 6, 5, 4, 3, 2, 1 })]
    [InlineData(4, 2, new byte[] { 5, 6, 3, 4, 1, 2 })]
    [InlineData(5, 3, new byte[] { 1, 3, 5, 2, 4, 6 })]
    [InlineData(6, 3, new byte[] { 5, 3, 1, 6, 4, 2 })]
    [InlineData(7, 3, new byte[] { 6, 4, 2, 5, 3, 1 })]
    [InlineData(8, 3, new byte[] { 2, 4, 6, 1, 3, 5 })]
    public void Exif_orientation_is_honoured(byte orientation, int width, byte[] expected)
    {
        foreach (var littleEndian in new[] { false, true })
        {
            var png = TestPictures.PngOf(2, 3, colour: 0, Packed(0, 1, 2, 0, 3, 4, 0, 5, 6), TestPictures.PngChunk("eXIf", TestPictures.Exif(orientation, littleEndian)));

            var image = InputImage.Decode(png);

            Assert.Equal(width, image.Width);
            Assert.Equal(expected, image.Rgb.ToArray().Where((_, i) => i % 3 == 0));
        }
    }

    [Fact]
    public void A_photograph_held_upright_stands_upright()
    {
        var jpeg = TestPictures.Skia(SKEncodedImageFormat.Jpeg, Width, Height);
        byte[] exif = [.. "Exif\0\0"u8, .. TestPictures.Exif(6, littleEndian: true)];
        byte[] turned = [.. jpeg[..2], 0xff, 0xe1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];

        var (image, flat) = (InputImage.Decode(turned), InputImage.Decode(jpeg));

        Assert.Equal((Height, Width), (image.Width, image.Height));
        Assert.Equal(flat.Rgb[..3].ToArray(), image.Rgb.Slice((Height - 1) * 3, 3).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(255)]
    public void An_orientation_that_is_none_is_ignored(byte orientation)
    {
        var png = TestPictures.PngOf(1, 2, colour: 0, Packed(0, 1, 0, 2), TestPictures.PngChunk("eXIf", TestPictures.Exif(orientation, littleEndian: false)));

        Assert.Equal(1, InputImage.Decode(png).Width);
    }

    [Fact]
    public void Pixels_that_are_not_the_picture_are_refused()
    {
        var error = Assert.Throws<InputImageException>(() => new InputImage(2, 2, new byte[11]));

        Assert.Equal("The picture's pixel data is 11 bytes of colour and 0 of opacity; allowed is 3 bytes and, if any, 1 byte for each of 2 x 2 pixels.", error.Message);
    }

    private static byte[] File(string format) => format switch
    {
        "png" => TestPictures.Png(Width, Height),
        "skia png" => TestPictures.Skia(SKEncodedImageFormat.Png, Width, Height),
        "bmp" => TestPictures.Bmp(Width, Height),
        "lossless webp" => TestPictures.Skia(SKEncodedImageFormat.Webp, Width, Height),
        "webp" => TestPictures.Skia(SKEncodedImageFormat.Webp, Width, Height, quality: 95),
        _ => TestPictures.Skia(SKEncodedImageFormat.Jpeg, Width, Height),
    };

    private static byte[] Packed(params byte[] rows)
    {
        using var packed = new MemoryStream();
        using (var zlib = new System.IO.Compression.ZLibStream(packed, System.IO.Compression.CompressionMode.Compress, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        return packed.ToArray();
    }
}
