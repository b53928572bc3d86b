using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Tests.Masks;

public sealed class RegionTests
{
    [Fact]
    public void It_holds_all_that_is_masked_and_a_margin_inside_the_picture()
    {
        var values = new byte[20 * 10];
        (values[(3 * 20) + 5], values[(6 * 20) + 12]) = (1, 255);
        var mask = new MaskImage(20, 10, values);

        Assert.Equal(new Region(5, 3, 13, 7), Region.Around(mask, 0));
        Assert.Equal(new Region(1, 0, 17, 10), Region.Around(mask, 4));
        Assert.Null(Region.Around(new MaskImage(20, 10, new byte[200]), 4));
    }

    // Left, top, right, bottom; the size that is rendered; the size of the picture; what comes out.
    [Theory]
    [InlineData(40, 40, 60, 60, 64, 64, 100, 100, 40, 40, 60, 60)]
    [InlineData(40, 45, 60, 55, 64, 64, 100, 100, 40, 40, 60, 60)]
    [InlineData(45, 40, 54, 60, 64, 64, 100, 100, 40, 40, 60, 60)]
    [InlineData(40, 0, 60, 10, 64, 64, 100, 100, 40, 0, 60, 20)]
    [InlineData(40, 90, 60, 100, 64, 64, 100, 100, 40, 80, 60, 100)]
    [InlineData(0, 0, 100, 10, 64, 64, 100, 50, 0, 0, 100, 50)]
    [InlineData(40, 40, 60, 60, 128, 64, 100, 100, 30, 40, 70, 60)]
    public void It_grows_to_the_shape_that_is_rendered(
        int left, int top, int right, int bottom, int width, int height, int pictureWidth, int pictureHeight, int newLeft, int newTop, int newRight, int newBottom) =>
        Assert.Equal(new Region(newLeft, newTop, newRight, newBottom), new Region(left, top, right, bottom).Expanded(width, height, pictureWidth, pictureHeight));
}
