using System.Text;
using RenderFarm.Diffusion.Noise;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

public sealed class RenderTests(LoadedModels models)
{
    private static readonly ImageRequest Pizza = new() { Prompt = "a pizza on a blue background", Steps = 6, Guidance = 5, Seed = 7 };

    [Fact]
    public void Each_row_of_a_mixed_batch_is_the_picture_it_would_be_alone()
    {
        ImageRequest[] batch =
        [
            Pizza,
            Pizza with { Prompt = "a dog", NegativePrompt = "small", Sampler = SamplerNames.Euler, Steps = 9, Seed = 1 },
            Pizza with { Prompt = "red apple", Sampler = SamplerNames.EulerAncestral, Schedule = ScheduleNames.Karras, Guidance = 3, Seed = 2 },
            Pizza with { Prompt = "a rocket", Sampler = SamplerNames.Ddim, Steps = 4, Eta = 1, Guidance = 1, Seed = 3 },
            Pizza with { ClipSkip = 1, GuidanceRescale = 0.5, Steps = 1, Seed = long.MaxValue },
            Pizza with { Prompt = "a cat", Sampler = WebuiSamplerNames.Heun, Churn = new() { Amount = 1 }, Seed = 4, Noise = new() { Source = "nv", EtaSeedDelta = 2 } },
            Pizza with { Prompt = "a cat", Sampler = WebuiSamplerNames.DpmPlusPlus3MSde, Seed = 5, Noise = new() { VariationSeed = 6, VariationStrength = 0.2, ResizeFromWidth = 96, ResizeFromHeight = 160 } },
        ];

        var together = models.Emoji.Render(batch);

        for (var i = 0; i < batch.Length; i++)
        {
            var alone = models.Emoji.Render([batch[i]])[0];
            Differences.AssertWithin(1e-5, alone.Latent.Span, together[i].Latent.Span);
            Differences.AssertPicture(alone.Rgb.Span, together[i].Rgb.Span, most: 1);
        }
    }

    [Fact]
    public void Rows_of_a_model_with_one_timestep_share_steps_and_nothing_else()
    {
        var a = new ImageRequest { Prompt = "a dog", Steps = 4, Sampler = SamplerNames.Ddim };
        var b = a with { Prompt = "a rocket", NegativePrompt = "blurry", Seed = 8, Guidance = 1, Eta = 0.5 };

        var together = models.Tiny.Render([a, b]);

        Assert.True(models.Tiny.CanShareBatch(a, b));
        Differences.AssertWithin(1e-5, models.Tiny.Render([a])[0].Latent.Span, together[0].Latent.Span);
        Differences.AssertWithin(1e-5, models.Tiny.Render([b])[0].Latent.Span, together[1].Latent.Span);
        foreach (var other in new[] { a with { Steps = 5 }, a with { Sampler = SamplerNames.Euler }, a with { Schedule = ScheduleNames.Karras } })
        {
            Assert.False(models.Tiny.CanShareBatch(a, other));
            Assert.True(models.Emoji.CanShareBatch(a, other));
            Assert.Throws<RenderRequestException>(() => models.Tiny.Render([a, other]));
        }
    }

    [Fact]
    public void Every_sampler_renders_every_schedule_at_every_number_of_steps()
    {
        foreach (var sampler in SamplerNames.All)
        {
            foreach (var schedule in ScheduleNames.All)
            {
                foreach (var steps in new[] { 1, 2, 15, 40 })
                {
                    var picture = models.Tiny.Render([new() { Prompt = "a dog", Steps = steps, Sampler = sampler, Schedule = schedule }])[0];
                    Assert.Equal((64, 64), (picture.Width, picture.Height));
                    Assert.NotEqual(picture.Rgb.Span[..300].ToArray(), picture.Rgb.Span[300..600].ToArray());
                }
            }
        }
    }

    [Fact]
    public void Every_sampler_of_webuis_renders()
    {
        foreach (var sampler in WebuiSamplerNames.All)
        {
            var picture = models.Tiny.Render([new() { Prompt = "a dog", Steps = 7, Sampler = sampler }])[0];
            Assert.NotEqual(picture.Rgb.Span[..300].ToArray(), picture.Rgb.Span[300..600].ToArray());
        }
    }

    [Fact]
    public void Pictures_of_different_sizes_do_not_share_a_batch()
    {
        var wide = Pizza with { Width = 160 };

        Assert.False(models.Emoji.CanShareBatch(Pizza, wide));
        Assert.True(models.Emoji.CanShareBatch(Pizza, Pizza with { Width = 128, Height = 128 }));
        Assert.Equal("Width", Assert.Throws<RenderRequestException>(() => models.Emoji.Render([Pizza, wide])).Field);
    }

    [Theory]
    [InlineData(PromptSyntaxNames.Literal)]
    [InlineData(PromptSyntaxNames.Webui)]
    public void A_prompt_is_encoded_once_for_all_pictures_that_use_it(string syntax)
    {
        using var pipeline = DiffusionPipeline.Load(GoldenFolder.Model("tiny-sd2"));
        var prompts = new[] { "a dog", "a cat", "a rocket", "a pizza" };
        ImageRequest[] job = [.. Enumerable.Range(0, 64).Select(i => new ImageRequest { Prompt = prompts[i % 4], NegativePrompt = "small", PromptSyntax = syntax, Steps = 1, Seed = i })];

        foreach (var batch in job.Chunk(16))
        {
            pipeline.Render(batch);
        }

        Assert.Equal(5, pipeline.TextEncoderRuns);

        pipeline.Render(job[..16]);
        Assert.Equal(5, pipeline.TextEncoderRuns);
    }

    [Fact]
    public void Progress_tells_the_beginning_and_every_step()
    {
        var reported = new Reports();

        models.Tiny.Render([new() { Prompt = "a dog", Steps = 3 }], reported);

        Assert.Equal([new(0, 3), new(1, 3), new(2, 3), new StepProgress(3, 3)], reported.All);
    }

    [Fact]
    public void A_latent_that_is_not_finite_names_its_row_and_leaves_the_pipeline_usable()
    {
        using var broken = new CopiedModel(GoldenFolder.Model("tiny-sd2"));
        PoisonBias(broken.PathOf("unet/model.onnx"), "conv_out.bias");
        using var pipeline = DiffusionPipeline.Load(broken.Folder);

        for (var attempt = 0; attempt < 2; attempt++)
        {
            var problem = Assert.Throws<NonFiniteLatentsException>(() => pipeline.Render([new() { Prompt = "a dog", Steps = 2, Seed = 5 }]));
            Assert.Equal((0, 1, 5), (problem.Row, problem.Step, problem.Request.Seed));
        }
    }

    [Fact]
    public void A_new_draw_continues_the_noise_of_the_seed()
    {
        var whole = new float[32];
        new TorchRandom(9).FillNormal(whole);
        var part = new float[16];
        var random = new TorchRandom(9);
        random.FillNormal(part);
        random.FillNormal(part);

        Assert.Equal(whole[16..], part);
    }

    // A TensorProto states its name, then its raw data: tag 0x4a, length, floats.
    private static void PoisonBias(string path, string name)
    {
        var bytes = File.ReadAllBytes(path);
        var at = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(name + "\u004a"));
        Assert.True(at > 0, $"{name} is not in {path}");
        BitConverter.GetBytes(float.NaN).CopyTo(bytes, at + name.Length + 2);
        File.WriteAllBytes(path, bytes);
    }

    private sealed class Reports : IProgress<StepProgress>
    {
        public List<StepProgress> All { get; } = [];

        public void Report(StepProgress value) => All.Add(value);
    }
}
