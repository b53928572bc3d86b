using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Coordinator.Tests.Jobs;

public sealed class JobRulesTests
{
    private static readonly ModelView[] Models =
    [
        new() { Name = "emoji", Workers = ["one"], WarmOn = [] },
        new() { Name = "torn", Workers = [], WarmOn = [], Problem = "unet/model.onnx is missing" },
    ];

    private static readonly JobRequest Good = new() { Settings = new RenderSettings { Prompt = "a pizza" } };

    public static TheoryData<string, JobRequest, string> Bad => new()
    {
        { "model", Good with { Model = "sdxl" }, "Unknown model 'sdxl'; known: emoji." },
        { "model", Good with { Model = "torn" }, "Model 'torn' cannot be used: unet/model.onnx is missing" },
        { "name", Good with { Name = new string('n', 201) }, "Must have at most 200 characters; got 201." },
        { "name", Good with { Name = "a\0b" }, "Must not contain the character U+0000." },
        { "priority", Good with { Priority = 101 }, "Must be from -100 to 100; got 101." },
        { "count", Good with { Count = 0 }, "Must be from 1 to 100000000; got 0." },
        { "count", Good with { Count = long.MaxValue }, "Must be from 1 to 100000000; got 9223372036854775807." },
        { "count", Listed("a", "b") with { Count = 50_000_001 }, "A job has at most 100000000 frames; 2 prompts with 50000001 images each are more." },
        { "settings.prompt", Good with { Settings = new RenderSettings() }, "Required: say what the picture shows here, or give a list of 'prompts'." },
        { "settings.prompt", With(s => s with { Prompt = "  " }), "Must not be empty." },
        { "settings.prompt", With(s => s with { Prompt = new string('p', 1_000_000) }), "Must have at most 4000 characters; got 1000000." },
        { "prompts", Listed("a") with { Settings = new RenderSettings { Prompt = "b" } }, "Give either 'prompts' or 'settings.prompt', not both." },
        { "prompts", Listed(), "Must be from 1 to 100000; got 0." },
        { "prompts[1]", Listed("a", ""), "Must not be empty." },
        { "settings.negativePrompt", With(s => s with { NegativePrompt = new string('p', 4001) }), "Must have at most 4000 characters; got 4001." },
        { "settings.width", With(s => s with { Width = 100 }), "Must be a multiple of 8 from 8 to 4096; got 100." },
        { "settings.height", With(s => s with { Height = -8 }), "Must be a multiple of 8 from 8 to 4096; got -8." },
        { "settings.height", With(s => s with { Height = 4104 }), "Must be a multiple of 8 from 8 to 4096; got 4104." },
        { "settings.steps", With(s => s with { Steps = 0 }), "Must be from 1 to 500; got 0." },
        { "settings.steps", With(s => s with { Steps = 501 }), "Must be from 1 to 500; got 501." },
        { "settings.guidance", With(s => s with { Guidance = double.NaN }), "Must be a number from 0 to 100; got NaN." },
        { "settings.guidance", With(s => s with { Guidance = double.PositiveInfinity }), "Must be a number from 0 to 100; got Infinity." },
        { "settings.guidance", With(s => s with { Guidance = -0.5 }), "Must be a number from 0 to 100; got -0.5." },
        { "settings.sampler", With(s => s with { Sampler = "euler a" }), $"Unknown: 'euler a'; allowed: {string.Join(", ", SamplerNames.Samplers)}." },
        { "settings.schedule", With(s => s with { Schedule = "" }), "The sampler 'dpm++2m' cannot follow ''; allowed: model, karras." },
        { "settings.schedule", With(s => s with { Sampler = "DPM++ 2M", Schedule = "karras" }), "The sampler 'DPM++ 2M' cannot follow 'karras'; allowed: model, Automatic, Uniform, Karras, Exponential, Polyexponential, SGM Uniform, KL Optimal, Align Your Steps, Simple, Normal, DDIM, Beta." },
        { "settings.schedule", With(s => s with { Sampler = "PLMS", Schedule = "Karras" }), "The sampler 'PLMS' cannot follow 'Karras'; allowed: model, Automatic." },
        { "settings.promptSyntax", With(s => s with { PromptSyntax = "compel" }), "Unknown: 'compel'; allowed: webui, literal." },
        { "settings.noiseSource", With(s => s with { NoiseSource = "gpu" }), "Unknown: 'gpu'; allowed: cpu, nv." },
        { "settings.eta", With(s => s with { Sampler = "ddim", Eta = 1.5 }), "Must be a number from 0 to 1; got 1.5." },
        { "settings.eta", With(s => s with { Eta = 0.5 }), $"The sampler 'dpm++2m' takes none; got 0.5. Those that do: {string.Join(", ", SamplerNames.WithEta)}." },
        { "settings.guidanceRescale", With(s => s with { GuidanceRescale = -1 }), "Must be a number from 0 to 1; got -1." },
        { "settings.variationStrength", With(s => s with { VariationStrength = double.NaN }), "Must be a number from 0 to 1; got NaN." },
        { "settings.variationSeed", With(s => s with { VariationSeed = -1 }), "Must be from 0 to 9223372036854775807; got -1." },
        { "settings.hires.scale", Hires(h => h with { Scale = 0.5 }), "Must be a number from 1 to 8; got 0.5." },
        { "settings.hires.scale", Hires(h => h with { Scale = 1.1 }), "Must give a height that is a multiple of 8 up to 4096; 64 times 1.1 is 70." },
        { "settings.hires.width", Hires(h => h with { Height = 128 }), "Give both sides, or neither and a scale." },
        { "settings.hires.height", Hires(h => h with { Width = 128, Height = 129 }), "Must be a multiple of 8 from 8 to 4096; got 129." },
        { "settings.hires.upscaler", Hires(h => h with { Upscaler = "ESRGAN" }), "Unknown: 'ESRGAN'; allowed: Latent, Latent (antialiased), Latent (bicubic), Latent (bicubic antialiased), Latent (nearest), Latent (nearest-exact), Lanczos, Nearest." },
        { "settings.hires.steps", Hires(h => h with { Steps = 0 }), "Must be from 1 to 500; got 0." },
        { "settings.hires.strength", Hires(h => h with { Strength = 0 }), "Must be a number from 0.01 to 1; got 0." },
        { "settings.hires.schedule", Hires(h => h with { Schedule = "Beta" }), "The sampler 'dpm++2m' cannot follow 'Beta'; allowed: model, karras." },
        { "settings.hires.schedule", Hires(h => h with { Sampler = "Euler", Schedule = "karras" }), "The sampler 'Euler' cannot follow 'karras'; allowed: model, Automatic, Uniform, Karras, Exponential, Polyexponential, SGM Uniform, KL Optimal, Align Your Steps, Simple, Normal, DDIM, Beta." },
        { "settings.loras", With(s => s with { Loras = [.. Enumerable.Repeat(new LoraSettings { Name = "film" }, 17)] }), "A job has at most 16 LoRAs; got 17." },
        { "settings.loras[1].name", With(s => s with { Loras = [new LoraSettings { Name = "film" }, new LoraSettings { Name = "" }] }), "Must not be empty." },
        { "settings.loras[0].weight", With(s => s with { Loras = [new LoraSettings { Name = "film", Weight = 11 }] }), "Must be a number from -10 to 10; got 11." },
        { "settings.clipSkip", With(s => s with { ClipSkip = 12 }), "Must be from 0 to 11; got 12." },
        { "settings.seed", With(s => s with { Seed = -1 }), "Must be from 0 to 9223372036854775806; got -1." },
        { "settings.seed", With(s => s with { Seed = long.MaxValue }), "Must be from 0 to 9223372036854775806; got 9223372036854775807." },
        { "output.format", Good with { Output = new OutputSettings { Format = "gif" } }, "Unknown: 'gif'; allowed: png, jpeg, webp." },
        { "output.quality", Good with { Output = new OutputSettings { Quality = 90 } }, "png keeps everything and has no quality; got 90." },
        { "output.quality", Good with { Output = new OutputSettings { Format = "jpeg", Quality = 0 } }, "Must be from 1 to 100; got 0." },
        { "bestOf", Good with { BestOf = 17 }, "Must be from 1 to 16; got 17." },
        { "settings.seed", With(s => s with { Seed = long.MaxValue - 7 }) with { Count = 2, BestOf = 4 }, "Must be from 0 to 9223372036854775799; got 9223372036854775800." },
        { "labels", Good with { Labels = Enumerable.Range(0, 33).ToDictionary(i => $"k{i}", _ => "v") }, "A job has at most 32 labels; got 33." },
        { "labels.team", Good with { Labels = new Dictionary<string, string> { ["team"] = new('v', 257) } }, "Must have at most 256 characters; got 257." },
    };

    [Theory]
    [MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_broken_rule_names_the_field_what_was_given_and_what_is_allowed(string field, JobRequest request, string message)
    {
        var errors = JobRules.Check(request, Models).ToDictionary();

        Assert.Equal([field], errors.Keys);
        Assert.Equal([message], errors[field]);
    }

    [Fact]
    public void A_model_that_wants_larger_multiples_is_obeyed()
    {
        IReadOnlyList<ModelView> models = [Models[0] with { SizeMultiple = 32 }];
        var errors = JobRules.Check(Good with { Model = models[0].Name, Settings = Good.Settings with { Width = 136, Height = 160 } }, models).ToDictionary();
        Assert.Equal(["Must be a multiple of 32 from 32 to 4096; got 136."], errors["settings.width"]);
        Assert.Single(errors);
    }

    [Fact]
    public void A_request_at_every_limit_is_accepted()
    {
        var request = new JobRequest
        {
            Name = new string('n', RenderLimits.MaxNameLength),
            Priority = -RenderLimits.MaxPriority,
            Count = RenderLimits.MaxFrames / 2,
            Prompts = [new string('p', RenderLimits.MaxPromptLength), "b"],
            Settings = new RenderSettings
            {
                NegativePrompt = new string('p', RenderLimits.MaxPromptLength),
                Width = RenderLimits.SizeMultiple,
                Height = RenderLimits.MaxSize,
                Steps = RenderLimits.MaxSteps,
                Guidance = RenderLimits.MaxGuidance,
                ClipSkip = RenderLimits.MaxClipSkip,
                GuidanceRescale = 1,
                Sampler = "DPM++ 2M SDE",
                Schedule = "Align Your Steps",
                Eta = 1,
                VariationSeed = long.MaxValue,
                VariationStrength = 1,
                Hires = new HiresSettings { Width = RenderLimits.MaxSize, Height = RenderLimits.SizeMultiple, Steps = RenderLimits.MaxSteps, Strength = 1, Sampler = "Euler a" },
                Loras = [.. Enumerable.Repeat(new LoraSettings { Name = new string('l', RenderLimits.MaxLoraNameLength), Weight = -RenderLimits.MaxLoraWeight }, RenderLimits.MaxLoras)],
                Seed = long.MaxValue - (RenderLimits.MaxFrames / 2),
            },
        };

        Assert.Empty(JobRules.Check(request, Models).ToDictionary());
        Assert.Empty(JobRules.Check(Good, Models).ToDictionary());
    }

    [Fact]
    public void Every_broken_rule_is_reported_at_once()
    {
        var request = With(settings => settings with { Steps = 0, Width = 1 }) with { Count = 0, Model = "none" };

        Assert.Equal(["model", "count", "settings.width", "settings.steps"], JobRules.Check(request, Models).ToDictionary().Keys);
    }

    [Fact]
    public void Of_many_bad_prompts_the_first_twenty_are_named()
    {
        var request = Listed([.. Enumerable.Range(0, 100_000).Select(i => i < 5 ? "good" : "")]);

        var errors = JobRules.Check(request, Models).ToDictionary();

        Assert.Equal(Enumerable.Range(5, 20).Select(i => $"prompts[{i}]"), errors.Keys.Take(20));
    }

    [Fact]
    public void A_farm_without_models_says_so()
    {
        var errors = JobRules.Check(Good, []).ToDictionary();

        Assert.Equal(["Unknown model 'emoji'; no worker has brought a usable model yet."], errors["model"]);
    }

    private static JobRequest Hires(Func<HiresSettings, HiresSettings> change) =>
        With(settings => settings with { Width = 80, Height = 64, Hires = change(new HiresSettings()) });

    private static JobRequest With(Func<RenderSettings, RenderSettings> change) => Good with { Settings = change(Good.Settings) };

    private static JobRequest Listed(params string[] prompts) => Good with { Prompts = prompts, Settings = new RenderSettings() };
}
