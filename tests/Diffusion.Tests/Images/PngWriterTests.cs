using System.Text;
using RenderFarm.Diffusion.Images;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests.Images;

public sealed class PngWriterTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(5, 1)]
    [InlineData(33, 17)]
    [InlineData(128, 200)]
    public void A_picture_is_read_back_as_it_was(int width, int height)
    {
        foreach (var pixel in new Func<int, byte>[] { i => (byte)(i * i / 7), i => (byte)(i / 3 % width), i => (byte)(i / 3 / width), i => 255, i => (byte)((i * 2654435761L) >> 24) })
        {
            byte[] rgb = [.. Enumerable.Range(0, width * height * 3).Select(pixel)];

            var read = PngFile.Read(Write(rgb, width, height));

            Assert.Equal((width, height), (read.Width, read.Height));
            Assert.Equal(rgb, read.Rgb);
        }
    }

    [Fact]
    public void Texts_are_read_back_whatever_their_letters()
    {
        var text = new Dictionary<string, string>
        {
            ["parameters"] = "a café\nSteps: 20",
            ["renderfarm"] = "{\"prompt\":\"emoji 🍕 骑马\"}",
            ["empty"] = "",
        };

        var bytes = Write(new byte[12], 2, 2, text);

        Assert.Equal(text, PngFile.Read(bytes).Text);
        Assert.Contains("tEXtparameters\0a caf\u00e9", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
        Assert.Contains("iTXtrenderfarm\0\0\0\0\0", Encoding.Latin1.GetString(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_smooth_picture_packs_well()
    {
        byte[] rgb = [.. Enumerable.Range(0, 256 * 256 * 3).Select(i => (byte)((i / 3 % 256) + (i / 768)))];

        Assert.InRange(Write(rgb, 256, 256).Length, 100, rgb.Length / 20);
    }

    [Theory]
    [InlineData("")]
    [InlineData("key\n")]
    [InlineData("schlüssel")]
    public void A_keyword_that_png_does_not_know_is_refused(string keyword) =>
        Assert.Throws<ArgumentException>(() => Write(new byte[3], 1, 1, new Dictionary<string, string> { [keyword] = "x" }));

    [Fact]
    public void Bytes_that_are_not_the_picture_are_refused() => Assert.Throws<ArgumentException>(() => Write(new byte[4], 1, 1));

    private static byte[] Write(byte[] rgb, int width, int height, Dictionary<string, string>? text = null)
    {
        using var stream = new MemoryStream();
        PngWriter.Write(stream, rgb, width, height, text);
        return stream.ToArray();
    }
}
