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
}
