using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Tests.Resizing;

public sealed class FittingTests
{
    [Fact]
    public void Stretching_keeps_all_of_the_picture()
    {
        var fitted = Fitting.Fit(Columns(4, 2), 8, 8, ResizeMode.Stretch);

        Assert.Equal((8, 8), (fitted.Width, fitted.Height));
        Assert.Equal([0, 3], new[] { Shade(fitted, 0, 4), Shade(fitted, 7, 4) });
    }

    [Fact]
    public void Cropping_cuts_both_sides()
    {
        var fitted = Fitting.Fit(Columns(4, 2), 2, 2, ResizeMode.Crop);

        Assert.Equal([1, 2, 1, 2], [Shade(fitted, 0, 0), Shade(fitted, 1, 0), Shade(fitted, 0, 1), Shade(fitted, 1, 1)]);
    }

    [Fact]
    public void Filling_goes_on_with_the_edges()
    {
        var fitted = Fitting.Fit(Columns(4, 2), 8, 2, ResizeMode.Fill);

        Assert.Equal([0, 0, 0, 1, 2, 3, 3, 3], Enumerable.Range(0, 8).Select(x => Shade(fitted, x, 1)));
    }

    [Theory]
    [InlineData(ResizeMode.Crop)]
    [InlineData(ResizeMode.Fill)]
    [InlineData(ResizeMode.Stretch)]
    public void A_picture_as_thin_as_a_hair_costs_no_more_than_another(ResizeMode mode)
    {
        var hair = new InputImage(1, 8192, new byte[8192 * 3]);
        Fitting.Fit(hair, 64, 64, mode);
        var before = GC.GetAllocatedBytesForCurrentThread();

        var fitted = Fitting.Fit(hair, 64, 64, mode);

        Assert.Equal((64, 64), (fitted.Width, fitted.Height));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Fact]
    public void Transparency_becomes_white()
    {
        var clear = new InputImage(2, 2, new byte[12], new byte[4]);

        Assert.All(Fitting.Fit(clear, 2, 2, ResizeMode.Stretch).Rgb.ToArray(), value => Assert.Equal(255, value));
    }

    [Fact]
    public void An_upscaler_that_is_none_is_refused_by_name() =>
        Assert.StartsWith("Upscaler is 'ESRGAN'; allowed is one of Latent, ", Assert.Throws<RenderRequestException>(() => Upscaler.Latent("ESRGAN")).Message, StringComparison.Ordinal);

    [Fact]
    public void Every_upscaler_works_on_latents_or_on_pixels()
    {
        foreach (var name in UpscalerNames.All)
        {
            if (Upscaler.Latent(name) is { } resampling)
            {
                Assert.All(LatentResize.Resize([2, 2, 2, 2], (2, 2), (5, 3), resampling), value => Assert.Equal(2, value, 1e-6));
            }
            else
            {
                var enlarged = Upscaler.Pixels(name, Columns(4, 2), 8, 4);
                Assert.Equal((8, 4, 0, 3), (enlarged.Width, enlarged.Height, Shade(enlarged, 0, 0), Shade(enlarged, 7, 3)));
            }
        }
    }

    // Columns of 0, 80, 160, 240, ..: far enough apart to be told from each other after filtering.
    private static InputImage Columns(int width, int height) => new(width, height, Enumerable.Range(0, width * height * 3).Select(i => (byte)(i / 3 % width * 80)).ToArray());

    private static int Shade(InputImage image, int x, int y) => (int)Math.Round(image.Rgb.Span[((y * image.Width) + x) * 3] / 80.0);
}
