using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Samplers;

namespace RenderFarm.Diffusion.Tests.Samplers;

public sealed class SamplerBatchTests(LoadedModels models)
{
    [Fact]
    public void Every_sampler_in_one_batch_gives_the_picture_it_gives_alone()
    {
        ImageRequest[] batch =
        [
            .. SamplerNames.All.Select((sampler, i) => new ImageRequest
            {
                Prompt = i % 2 == 0 ? "a dog" : "a pizza on a blue background",
                Sampler = sampler,
                Schedule = ScheduleNames.All[i % ScheduleNames.All.Count],
                Steps = 2 + (i % 5),
                Guidance = 1 + (i % 4),
                Seed = i,
            }),
        ];

        var together = models.Emoji.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            Differences.AssertWithin(1e-5, models.Emoji.Render([batch[i]])[0].Latent.Span, together[i].Latent.Span);
        }
    }

    [Fact]
    public void Every_sampler_leaves_most_of_a_picture_that_it_only_joins_at_the_end()
    {
        var request = new ImageRequest { Prompt = "a pizza on a blue background", Steps = 20, Guidance = 3, Seed = 1 };
        var picture = models.Emoji.Render([request])[0].Rgb.ToArray();
        var start = new StartImage { Image = new InputImage(128, 128, picture), Strength = 0.2 };

        var other = request with { Prompt = "a dog", Seed = 2 };
        var unrelated = Distance(picture, other);

        foreach (var sampler in SamplerTable.Names)
        {
            var touched = Distance(picture, other with { Sampler = sampler, Start = start });
            Assert.True(touched < unrelated / 2, $"{sampler}: {touched:f1} of 255 from the picture, an unrelated one is {unrelated:f1}");
        }
    }

    /// <summary>The mean difference of a picture's values.</summary>
    private double Distance(byte[] picture, ImageRequest request)
    {
        var other = models.Emoji.Render([request])[0].Rgb.Span;
        var sum = 0L;
        for (var i = 0; i < other.Length; i++)
        {
            sum += Math.Abs(picture[i] - other[i]);
        }

        return sum / (double)other.Length;
    }
}
