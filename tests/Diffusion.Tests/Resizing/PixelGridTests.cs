using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Tests.Resizing;

public sealed class PixelGridTests
{
    // Computed by hand from Lanczos's filter: weights at the distances from each centre, brought to a sum of one.
    [Theory]
    [InlineData(new byte[] { 0, 100, 200 }, new byte[] { 0, 12, 61, 139, 188, 209 })]
    [InlineData(new byte[] { 10, 250 }, new byte[] { 0, 31, 130, 229, 255 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 255, 0, 0, 0, 0 }, new byte[] { 0, 83, 0 })]
    [InlineData(new byte[] { 7, 7, 7, 7, 7 }, new byte[] { 7, 7, 7 })]
    public void Lanczos_weighs_what_a_new_pixel_covers(byte[] from, byte[] expected)
    {
        Assert.Equal(expected, new PixelGrid(from.Length, 1, 1, from).Filtered(expected.Length, 1, ResampleFilter.Lanczos).Values.ToArray());
        Assert.Equal(expected, new PixelGrid(1, from.Length, 1, from).Filtered(1, expected.Length, ResampleFilter.Lanczos).Values.ToArray());
    }

    [Fact]
    public void Channels_do_not_mix()
    {
        byte[] from = [0, 7, 10, 100, 7, 250];

        var resized = new PixelGrid(2, 1, 3, from).Filtered(5, 1, ResampleFilter.Lanczos).Values.ToArray();

        Assert.Equal([0, 31, 130, 229, 255], resized.Where((_, i) => i % 3 == 2));
        Assert.All(resized.Where((_, i) => i % 3 == 1), value => Assert.Equal(7, value));
    }

    [Fact]
    public void The_same_size_is_the_same_picture()
    {
        byte[] from = [1, 250, 3, 40, 5, 60];

        Assert.Equal(from, new PixelGrid(3, 2, 1, from).Filtered(3, 2, ResampleFilter.Lanczos).Values.ToArray());
    }

    [Fact]
    public void Nearest_takes_the_pixel_at_the_centre()
    {
        byte[] from = [1, 2, 3, 4];

        Assert.Equal([1, 1, 2, 2, 2, 3, 3, 4, 4, 4], new PixelGrid(4, 1, 1, from).Nearest(10, 1).Values.ToArray());
        Assert.Equal([2, 4], new PixelGrid(4, 1, 1, from).Nearest(2, 1).Values.ToArray());
    }
}
