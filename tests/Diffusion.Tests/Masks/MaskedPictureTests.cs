using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Masks;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Tests.Masks;

public sealed class MaskedPictureTests
{
    private const int Width = 48;
    private const int Height = 32;

    [Fact]
    public void Only_the_masked_part_of_the_whole_is_painted()
    {
        var masked = MaskedPicture.Whole(Grey(Width, Height, 10), Square(8, 8, 16, 16), Width, Height, ResizeMode.Stretch);

        var pasted = masked.PasteBack(Grey(Width, Height, 200));

        AssertPainted(pasted, 8, 8, 16, 16);
        Assert.Null(masked.Region);
        Assert.Equal(Grey(Width, Height, 10).Rgb.ToArray(), masked.Picture.Rgb.ToArray());
    }

    [Fact]
    public void The_part_around_the_mask_is_enlarged_and_pasted_back_where_it_was()
    {
        var masked = MaskedPicture.OnlyMasked(Grey(Width, Height, 10), Square(8, 8, 16, 16), 64, 64, padding: 2);

        Assert.Equal(new Region(6, 6, 18, 18), masked.Region);
        Assert.Equal((64, 64, 64, 64), (masked.Picture.Width, masked.Picture.Height, masked.Mask.Width, masked.Mask.Height));
        Assert.InRange(masked.Mask.Values.Span[0], 0, 2);
        Assert.Equal(255, masked.Mask.Values.Span[(32 * 64) + 32]);
        AssertPainted(masked.PasteBack(Grey(64, 64, 200)), 8, 8, 16, 16);
    }

    [Fact]
    public void Where_nothing_is_masked_the_picture_stays_whole()
    {
        var masked = MaskedPicture.OnlyMasked(Grey(Width, Height, 10), new MaskImage(Width, Height, new byte[Width * Height]), 64, 64, padding: 2);

        Assert.Null(masked.Region);
        Assert.Equal(Grey(64, 64, 10).Rgb.ToArray(), masked.PasteBack(Grey(64, 64, 200)).Rgb.ToArray());
    }

    [Fact]
    public void A_half_masked_pixel_of_the_whole_is_all_new()
    {
        var mask = new MaskImage(2, 1, new byte[] { 64, 128 });

        var pasted = MaskedPicture.Whole(Grey(2, 1, 0), mask, 2, 1, ResizeMode.Stretch).PasteBack(Grey(2, 1, 255));

        Assert.Equal([128, 128, 128, 255, 255, 255], pasted.Rgb.ToArray());
    }

    [Fact]
    public void A_mask_of_another_size_is_refused()
    {
        var error = Assert.Throws<InputImageException>(() => MaskedPicture.Whole(Grey(4, 4, 0), new MaskImage(4, 5, new byte[20]), 8, 8, ResizeMode.Stretch));

        Assert.Equal("The picture's mask is 4 x 5 pixels; allowed is 4 x 4 pixels, as the picture is.", error.Message);
    }

    [Fact]
    public void Filling_spreads_the_colours_around_the_mask_and_leaves_the_rest()
    {
        byte[] halves = [.. Enumerable.Range(0, Width * Height * 3).Select(i => (byte)(i / 3 % Width < Width / 2 ? 200 : 40))];

        var filled = FilledImage.Of(new InputImage(Width, Height, halves), Square(8, 8, 40, 24)).Rgb.ToArray();

        for (var i = 0; i < Width * Height; i++)
        {
            var (x, y) = (i % Width, i / Width);
            if (x is < 8 or >= 40 || y is < 8 or >= 24)
            {
                Assert.Equal(halves[3 * i], filled[3 * i]);
            }
        }

        Assert.InRange(filled[3 * ((16 * Width) + 9)], 170, 201);
        Assert.InRange(filled[3 * ((16 * Width) + 38)], 39, 70);
        Assert.InRange(filled[3 * ((16 * Width) + 24)], 70, 170);
    }

    [Fact]
    public void Filling_one_colour_gives_that_colour()
    {
        var filled = FilledImage.Of(Grey(Width, Height, 90), Square(4, 4, 44, 28));

        // Far from the edge a colour is kept with little opacity, in bytes: a sixteenth of it at worst.
        Assert.All(filled.Rgb.ToArray(), value => Assert.InRange(value, 84, 96));
    }

    private static void AssertPainted(InputImage pasted, int left, int top, int right, int bottom)
    {
        Assert.Equal((Width, Height), (pasted.Width, pasted.Height));
        for (var i = 0; i < Width * Height; i++)
        {
            var (x, y) = (i % Width, i / Width);
            Assert.Equal(x >= left && x < right && y >= top && y < bottom ? 200 : 10, pasted.Rgb.Span[3 * i]);
        }
    }

    private static InputImage Grey(int width, int height, byte shade) => new(width, height, Enumerable.Repeat(shade, width * height * 3).ToArray());

    private static MaskImage Square(int left, int top, int right, int bottom) => new(
        Width,
        Height,
        Enumerable.Range(0, Width * Height).Select(i => (byte)(i % Width >= left && i % Width < right && i / Width >= top && i / Width < bottom ? 255 : 0)).ToArray());
}
