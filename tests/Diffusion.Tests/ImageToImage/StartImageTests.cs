using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Images;

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
        { "Start", Dog with { Inpaint = new Inpainting { Mask = Square } }, "a picture" },
        { "Inpaint.Mask", Dog with { Start = new StartImage { Image = Square }, Inpaint = new Inpainting { Mask = Plain(64, 128, 255) } }, "128x128" },
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
            Dog with { Start = new StartImage { Image = Square, Strength = 1 }, Inpaint = new Inpainting { Mask = Half(), Fill = MaskFill.LatentNoise }, Steps = 9 },
        ];

        var together = models.Emoji.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, models.Emoji.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Theory]
    [InlineData(MaskFill.Original)]
    [InlineData(MaskFill.LatentNoise)]
    [InlineData(MaskFill.LatentNothing)]
    public void What_lies_outside_the_mask_stays_and_what_lies_inside_depends_on_the_fill(MaskFill fill)
    {
        var start = new StartImage { Image = Square, Strength = 0.8 };
        var masked = Dog with { Start = start, Inpaint = new Inpainting { Mask = Half(), Fill = fill } };

        var picture = models.Emoji.Render([masked])[0];
        var other = models.Emoji.Render([masked with { Prompt = "a pizza" }])[0];
        var original = models.Emoji.Render([masked with { Inpaint = new Inpainting { Mask = Half() } }])[0];

        var (left, right) = Halves(picture);
        var (otherLeft, otherRight) = Halves(other);
        Assert.Equal(left, otherLeft);
        Assert.NotEqual(right, otherRight);
        Assert.Equal(fill == MaskFill.Original, right.SequenceEqual(Halves(original).Right));
    }

    private static (float[] Left, float[] Right) Halves(RenderedImage picture)
    {
        var width = picture.Width / 8;
        var latent = picture.Latent.ToArray();
        return ([.. latent.Where((_, i) => i % width < width / 2)], [.. latent.Where((_, i) => i % width >= width / 2)]);
    }

    private static InputImage Plain(int width, int height, byte value) => new(width, height, Enumerable.Repeat(value, 3 * width * height).ToArray());

    /// <summary>The right half is drawn anew.</summary>
    private static InputImage Half() => new(128, 128, Enumerable.Range(0, 128 * 128).SelectMany(i => Enumerable.Repeat((byte)(i % 128 >= 64 ? 255 : 0), 3)).ToArray());
}
