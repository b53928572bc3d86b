using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Tests.Masks;

public sealed class BoxBlurTests
{
    // Three passes worked out by hand: boxes of radius 1.375 and 3.4375, whose ends count in part.
    [Theory]
    [InlineData(2, new byte[] { 0, 0, 2, 8, 18, 32, 44, 49, 44, 32, 18, 8, 2, 0, 0 })]
    [InlineData(4, new byte[] { 8, 10, 13, 16, 19, 22, 23, 24, 23, 22, 19, 16, 13, 10, 8 })]
    [InlineData(0, new byte[] { 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0, 0, 0, 0, 0 })]
    public void A_point_spreads_on_both_sides(double sigma, byte[] expected)
    {
        var point = new byte[15];
        point[7] = 255;

        Assert.Equal(expected, BoxBlur.Blur(point, 15, 1, 1, sigma));
        Assert.Equal(expected, BoxBlur.Blur(point, 1, 15, 1, sigma));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(256)]
    public void One_colour_stays_as_it_is(double sigma) =>
        Assert.All(BoxBlur.Blur(Enumerable.Repeat((byte)77, 60).ToArray(), 5, 4, 3, sigma), value => Assert.Equal(77, value));
}
