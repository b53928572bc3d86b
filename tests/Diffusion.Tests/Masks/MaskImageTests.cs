using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Tests.Masks;

public sealed class MaskImageTests
{
    [Fact]
    public void An_opaque_picture_is_a_mask_by_its_brightness()
    {
        var image = new InputImage(5, 1, new byte[] { 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 100, 100, 100 });

        Assert.Equal([76, 150, 29, 255, 100], MaskImage.From(image).Values.ToArray());
        Assert.Equal([76, 150, 29, 255, 100], MaskImage.From(new InputImage(5, 1, image.Rgb, new byte[] { 255, 255, 255, 255, 255 })).Values.ToArray());
    }

    [Fact]
    public void A_picture_with_transparency_is_a_mask_by_its_opacity()
    {
        var image = new InputImage(4, 1, new byte[12], new byte[] { 0, 128, 129, 255 });

        Assert.Equal([0, 0, 255, 255], MaskImage.From(image).Values.ToArray());
        Assert.Equal([0, 128, 129, 255], MaskImage.From(image, roundsOpacity: false).Values.ToArray());
    }

    [Fact]
    public void A_mask_is_turned_around_and_made_stronger()
    {
        var mask = new MaskImage(4, 1, new byte[] { 0, 100, 128, 255 });

        Assert.Equal([255, 155, 127, 0], mask.Inverted().Values.ToArray());
        Assert.Equal([0, 200, 255, 255], mask.Doubled().Values.ToArray());
        Assert.False(mask.IsEmpty);
        Assert.True(new MaskImage(2, 1, new byte[2]).IsEmpty);
    }

    [Fact]
    public void A_blurred_point_is_a_gauss_curve()
    {
        var point = new byte[11 * 3];
        point[(11 * 1) + 5] = 255;

        var blurred = new MaskImage(11, 3, point).Blurred(1, 0).Values.ToArray();

        // 255 * exp(-x^2 / 2) / sum, for x from -3 to 3.
        Assert.Equal([0, 0, 1, 14, 62, 102, 62, 14, 1, 0, 0], blurred[11..22]);
        Assert.All(blurred[..11].Concat(blurred[22..]), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Beyond_the_edge_a_blur_sees_the_picture_mirrored()
    {
        var blurred = new MaskImage(6, 1, new byte[] { 0, 255, 0, 0, 0, 0 }).Blurred(1, 1).Values.ToArray();

        // The neighbour counts on both sides of the edge pixel, which itself counts once.
        Assert.Equal([123, 116, 63, 14, 1, 0], blurred);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(257)]
    [InlineData(double.NaN)]
    public void A_blur_that_is_none_is_refused(double sigma) =>
        Assert.Contains("allowed is 0 to 256", Assert.Throws<RenderRequestException>(() => new MaskImage(1, 1, new byte[1]).Blurred(sigma, 0)).Message, StringComparison.Ordinal);

    [Fact]
    public void At_the_size_of_a_latent_a_mask_has_values_from_0_to_1()
    {
        var mask = new MaskImage(16, 8, Enumerable.Range(0, 128).Select(i => (byte)(i % 16 < 10 ? 255 : 0)).ToArray());

        Assert.Equal([1, 0], mask.ToLatent(2, 1, rounds: true));
        Assert.InRange(mask.ToLatent(2, 1, rounds: false)[1], 0.05f, 0.49f);
    }

    [Fact]
    public void Bytes_that_are_not_the_mask_are_refused() => Assert.Throws<InputImageException>(() => new MaskImage(2, 2, new byte[3]));
}
