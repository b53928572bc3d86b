using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Tests.Hires;

public sealed class HiresFixTests(LoadedModels models)
{
    private static readonly ImageRequest Dog = new() { Prompt = "a dog on a yellow background", Steps = 6, Seed = 7, Hires = new HiresFix { Scale = 1.5, Steps = 4 } };

    public static TheoryData<string, ImageRequest, string> Wrong => new()
    {
        { "Hires.Strength", Dog with { Hires = new HiresFix { Strength = 0 } }, "0.01 to 1" },
        { "Hires.Strength", Dog with { Hires = new HiresFix { Strength = double.NaN } }, "0.01 to 1" },
        { "Hires.Scale", Dog with { Hires = new HiresFix { Scale = 0.5 } }, "1 to 8" },
        { "Hires.Width", Dog with { Hires = new HiresFix { Width = 192 } }, "both sides" },
        { "Hires.Width", Dog with { Hires = new HiresFix { Scale = 1.1 } }, "multiple of 32" },
        { "Hires.Upscaler", Dog with { Hires = new HiresFix { Upscaler = "R-ESRGAN" } }, "Latent (bicubic)" },
        { "Hires.Sampler", Dog with { Hires = new HiresFix { Sampler = "eulr" } }, "euler" },
        { "Hires.Steps", Dog with { Hires = new HiresFix { Steps = 20, Strength = 0.01 } }, "1 to" },
        { "Hires", Dog with { Start = new StartImage { Image = new InputImage(32, 32, new byte[3072]) } }, "start image" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_second_pass_that_cannot_be_done_is_named_with_what_is_allowed(string field, ImageRequest request, string allowed)
    {
        var error = Assert.Throws<RenderRequestException>(() => models.Emoji.Check(request));

        Assert.Equal(field, error.Field);
        Assert.Contains(allowed, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_upscaler_leads_to_a_larger_picture_of_the_same_thing()
    {
        var small = models.Emoji.Render([Dog with { Hires = null }])[0];
        foreach (var upscaler in UpscalerNames.All)
        {
            var large = models.Emoji.Render([Dog with { Hires = Dog.Hires! with { Upscaler = upscaler, Strength = 0.3 } }])[0];

            Assert.Equal((192, 192), (large.Width, large.Height));
            var shrunk = Upscaler.Pixels(UpscalerNames.Lanczos, new InputImage(192, 192, large.Rgb), 128, 128);
            var difference = 0.0;
            for (var i = 0; i < small.Rgb.Length; i++)
            {
                difference += Math.Abs(small.Rgb.Span[i] - shrunk.Rgb.Span[i]) / (double)small.Rgb.Length;
            }

            Assert.True(difference < 40, $"{upscaler}: {difference}");
        }
    }

    [Fact]
    public void Rows_with_a_second_pass_are_what_they_would_be_alone()
    {
        ImageRequest[] batch =
        [
            Dog,
            Dog with { Seed = 2, Sampler = "Euler a", Schedule = "Karras", Hires = Dog.Hires! with { Strength = 0.5, Prompt = "a pizza" } },
            Dog with { Seed = 3, Hires = Dog.Hires! with { Steps = 9, Sampler = SamplerNames.Heun } },
        ];

        var together = models.Emoji.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, models.Emoji.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Fact]
    public void Both_passes_report_their_steps_and_pictures_of_other_sizes_keep_to_themselves()
    {
        var reports = new Reports();

        models.Emoji.Render([Dog], reports);

        Assert.Equal(Enumerable.Range(0, 11).Select(step => new StepProgress(step, 10)), reports.All);
        Assert.False(models.Emoji.CanShareBatch(Dog, Dog with { Hires = null }));
        Assert.False(models.Emoji.CanShareBatch(Dog, Dog with { Hires = new HiresFix() }));
        Assert.True(models.Emoji.CanShareBatch(Dog, Dog with { Hires = Dog.Hires! with { Strength = 0.2 } }));
    }

    private sealed class Reports : IProgress<StepProgress>
    {
        public List<StepProgress> All { get; } = [];

        public void Report(StepProgress value) => All.Add(value);
    }
}
