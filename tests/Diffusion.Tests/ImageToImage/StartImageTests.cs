using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Masks;

namespace RenderFarm.Diffusion.Tests.ImageToImage;

public sealed class StartImageTests(LoadedModels models)
{
    private static readonly InputImage Square = Plain(128, 128, 90);

    private static readonly ImageRequest Dog = new() { Prompt = "a dog", Steps = 6, Seed = 7 };

    public static TheoryData<string, ImageRequest, string> Wrong => new()
    {
        { "Start.Strength", Dog with { Start = new StartImage { Image = Square, Strength = 0 } }, "above 0 to 1" },
        { "Start.Strength", Dog with { Start = new StartImage { Image = Square, Strength = 1.01 } }, "above 0 to 1" },
        { "Start.Strength", Dog with { Start = new StartImage { Image = Square, Strength = double.NaN } }, "above 0 to 1" },
        { "Start.Strength", Dog with { Start = new StartImage { Image = Square, Strength = 0.1 } }, "0.1667 or more" },
        { "Start", Dog with { Inpaint = new Inpainting { Mask = MaskImage.From(Square) } }, "a picture" },
        { "Inpaint.Mask", Dog with { Start = new StartImage { Image = Square }, Inpaint = new Inpainting { Mask = MaskImage.From(Plain(64, 128, 255)) } }, "128x128" },
        { "Inpaint.Blur", Dog with { Start = new StartImage { Image = Square }, Inpaint = new Inpainting { Mask = Half(), Blur = -1 } }, "0 to 256" },
        { "Inpaint.Padding", Dog with { Start = new StartImage { Image = Square }, Inpaint = new Inpainting { Mask = Half(), Padding = -1 } }, "0 or more" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_start_image_that_cannot_be_used_is_named_with_what_is_allowed(string field, ImageRequest request, string allowed)
    {
        var error = Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request));

        Assert.Equal(field, error.Field);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_with_and_without_start_images_are_what_they_would_be_alone()
    {
        ImageRequest[] batch =
        [
            Dog,
            Dog with { Start = new StartImage { Image = Square, Strength = 0.4 }, Sampler = SamplerNames.Euler },
            Dog with { Start = new StartImage { Image = Square, Strength = 0.9 }, Inpaint = new Inpainting { Mask = Half() }, Seed = 2 },
            Dog with { Start = new StartImage { Image = Square, Strength = 1 }, Inpaint = new Inpainting { Mask = Half(), Content = MaskedContent.LatentNoise }, Steps = 9 },
        ];

        var together = models.Emoji.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, models.Emoji.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Theory]
    [InlineData(MaskedContent.Original)]
    [InlineData(MaskedContent.Fill)]
    [InlineData(MaskedContent.LatentNoise)]
    [InlineData(MaskedContent.LatentNothing)]
    public void What_lies_outside_the_mask_stays_and_what_lies_inside_depends_on_the_fill(MaskedContent content)
    {
        var start = new StartImage { Image = Square, Strength = 0.8 };
        var masked = Dog with { Start = start, Inpaint = new Inpainting { Mask = Half(), Content = content } };

        var picture = models.Emoji.Render([masked])[0];
        var other = models.Emoji.Render([masked with { Prompt = "a pizza" }])[0];
        var original = models.Emoji.Render([masked with { Inpaint = new Inpainting { Mask = Half() } }])[0];

        var (left, right) = Halves(picture);
        var (otherLeft, otherRight) = Halves(other);
        Assert.Equal(left, otherLeft);
        Assert.NotEqual(right, otherRight);
        Assert.Equal(content == MaskedContent.Original, right.SequenceEqual(Halves(original).Right));
    }

    [Fact]
    public void Outside_the_mask_the_start_image_is_kept_pixel_by_pixel()
    {
        var masked = Dog with { Start = new StartImage { Image = Square }, Inpaint = new Inpainting { Mask = Half() } };

        var kept = models.Emoji.Render([masked])[0].Rgb.ToArray();
        var decoded = models.Emoji.Render([masked with { Inpaint = masked.Inpaint with { KeepOutside = false } }])[0].Rgb.ToArray();
        var inverted = models.Emoji.Render([masked with { Inpaint = masked.Inpaint with { Invert = true } }])[0].Rgb.ToArray();

        Assert.All(Enumerable.Range(0, kept.Length).Where(i => i / 3 % 128 < 64), i => Assert.Equal(90, kept[i]));
        Assert.All(Enumerable.Range(0, kept.Length).Where(i => i / 3 % 128 >= 64), i => Assert.Equal(decoded[i], kept[i]));
        Assert.Contains(Enumerable.Range(0, kept.Length).Where(i => i / 3 % 128 < 64), i => decoded[i] != 90);
        Assert.All(Enumerable.Range(0, kept.Length).Where(i => i / 3 % 128 >= 64), i => Assert.Equal(90, inverted[i]));
    }

    [Fact]
    public void Only_the_masked_part_of_a_large_picture_is_rendered_and_laid_back()
    {
        var values = new byte[320 * 200];
        for (var y = 80; y < 130; y++)
        {
            values.AsSpan((y * 320) + 100, 60).Fill(255);
        }

        var mask = new MaskImage(320, 200, values);
        var request = Dog with
        {
            Start = new StartImage { Image = Plain(320, 200, 90), Strength = 1 },
            Inpaint = new Inpainting { Mask = mask, OnlyMasked = true, Padding = 16, Blur = 2 },
        };

        var picture = models.Emoji.Render([request])[0];

        Assert.Equal((320, 200), (picture.Width, picture.Height));
        var softened = mask.Blurred(2, 2).Values.ToArray();
        var changed = Enumerable.Range(0, 320 * 200).Where(i => picture.Rgb.Span[3 * i] != 90).ToArray();
        Assert.True(changed.Length > 1500, $"{changed.Length} pixels changed");
        Assert.All(changed, i => Assert.NotEqual(0, softened[i]));
    }

    private static (float[] Left, float[] Right) Halves(RenderedImage picture)
    {
        var width = picture.Width / 8;
        var latent = picture.Latent.ToArray();
        return ([.. latent.Where((_, i) => i % width < width / 2)], [.. latent.Where((_, i) => i % width >= width / 2)]);
    }

    private static InputImage Plain(int width, int height, byte value) => new(width, height, Enumerable.Repeat(value, 3 * width * height).ToArray());

    /// <summary>The right half is drawn anew.</summary>
    private static MaskImage Half() => new(128, 128, Enumerable.Range(0, 128 * 128).Select(i => (byte)(i % 128 >= 64 ? 255 : 0)).ToArray());
}
