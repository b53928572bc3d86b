using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Rendering;

public sealed class FrameRequestTests
{
    [Fact]
    public void Every_setting_reaches_the_pipeline()
    {
        var settings = new RenderSettings
        {
            NegativePrompt = "blurry",
            Width = 64,
            Height = 96,
            Steps = 9,
            Guidance = 3,
            GuidanceRescale = 0.5,
            PromptSyntax = "literal",
            Sampler = "Euler a",
            Schedule = "Beta",
            Eta = 0.25,
            NoiseSource = "nv",
            VariationSeed = 8,
            VariationStrength = 0.125,
            ClipSkip = 1,
            Tiling = true,
            Hires = new HiresSettings { Scale = 3, Width = 128, Height = 192, Upscaler = "Lanczos", Steps = 4, Strength = 0.6, Sampler = "Euler", Schedule = "Simple" },
            Loras = [new LoraSettings { Name = "film", Weight = -0.5 }],
        };
        var expected = new ImageRequest
        {
            Prompt = "a pizza",
            NegativePrompt = "blurry",
            Width = 64,
            Height = 96,
            Steps = 9,
            Guidance = 3,
            GuidanceRescale = 0.5,
            PromptSyntax = "literal",
            Sampler = "Euler a",
            Schedule = "Beta",
            Eta = 0.25,
            Seed = 7,
            Noise = new NoiseOptions { Source = "nv", VariationSeed = 8, VariationStrength = 0.125 },
            ClipSkip = 1,
            Tiling = true,
            Hires = new HiresFix { Scale = 3, Width = 128, Height = 192, Upscaler = "Lanczos", Steps = 4, Strength = 0.6, Sampler = "Euler", Schedule = "Simple" },
            BestOf = 3,
            Loras = [new LoraUse { Name = "film", UnetWeight = -0.5, TextWeight = -0.5 }],
        };
        Assert.Equivalent(expected, Of(settings), strict: true);
    }

    [Theory]
    [InlineData("ddim", null, "karras")]
    [InlineData("Euler a", null, "Automatic")]
    [InlineData("ddim", "model", "model")]
    public void A_schedule_that_is_not_stated_is_the_samplers_usual_one(string sampler, string? schedule, string expected)
    {
        Assert.Equal(expected, Of(new RenderSettings { Sampler = sampler, Schedule = schedule }).Schedule);
        Assert.Equal(expected, Of(new RenderSettings { Hires = new HiresSettings { Sampler = sampler, Schedule = schedule } }).Hires!.Schedule);
    }

    [Fact]
    public void The_contracts_name_what_the_library_knows()
    {
        Assert.Equal([.. Diffusion.SamplerNames.All, .. WebuiSamplerNames.All], Shared.Settings.SamplerNames.Samplers);
        Assert.Equal([.. ScheduleNames.All, .. WebuiScheduleNames.All], Shared.Settings.SamplerNames.Schedules);
        Assert.Equal(UpscalerNames.All, HiresSettings.Upscalers);
        Assert.Equal(Diffusion.PromptSyntaxNames.All.Order(), Shared.Settings.PromptSyntaxNames.All.Order());
        Assert.Equal(Enum.GetNames<PictureFormat>().Select(name => name.ToLowerInvariant()), OutputSettings.Formats);
        Assert.All(OutputSettings.Formats, format => Assert.Equal(PictureFile.Of(new OutputSettings { Format = format }).MediaType, OutputSettings.MediaTypeOf(format)));
        Assert.Equal(Diffusion.Noise.NoiseSourceNames.All, Shared.Settings.NoiseSourceNames.All);
    }

    [Fact]
    public void The_contracts_let_each_sampler_have_the_schedules_and_the_eta_that_the_library_does()
    {
        using var pipeline = DiffusionPipeline.Load(Path.Combine(WorkerBench.Models, "emoji"), new PipelineOptions { VerifyDigest = false }, TestContext.Current.CancellationToken);
        var request = new ImageRequest { Prompt = "a pizza", Steps = 10 };
        foreach (var sampler in Shared.Settings.SamplerNames.Samplers)
        {
            Assert.Equal(
                Shared.Settings.SamplerNames.Schedules.Where(schedule => CanRender(pipeline, request with { Sampler = sampler, Schedule = schedule })),
                Shared.Settings.SamplerNames.SchedulesOf(sampler));
            Assert.Contains(Shared.Settings.SamplerNames.UsualSchedule(sampler), Shared.Settings.SamplerNames.SchedulesOf(sampler));
            Assert.Equal(CanRender(pipeline, request with { Sampler = sampler, Schedule = "model", Eta = 0.5 }), Shared.Settings.SamplerNames.WithEta.Contains(sampler));
        }
    }

    private static bool CanRender(DiffusionPipeline pipeline, ImageRequest request)
    {
        try
        {
            pipeline.Check(request);
            return true;
        }
        catch (RenderRequestException refused) when (refused.Field is nameof(ImageRequest.Schedule) or nameof(ImageRequest.Eta))
        {
            return false;
        }
    }

    private static ImageRequest Of(RenderSettings settings)
    {
        var frame = new LeasedFrame(2, 7, 0);
        return FrameRequest.Of(new LeaseOffered(Guid.NewGuid(), 1, Guid.Empty, "acme", "emoji", "0123456789abcdef", settings, new OutputSettings(), ["a pizza"], [frame], BestOf: 3), frame);
    }
}
