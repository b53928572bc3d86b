using System.Reflection;
using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Masks;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Provenance;

namespace RenderFarm.Diffusion.Tests.Provenance;

public sealed class GenerationTests
{
    private static readonly InputImage Picture = new(2, 2, new byte[12]);

    private static readonly MaskImage Mask = new(2, 2, new byte[4]);

    private static readonly ImageRequest Plain = new() { Prompt = "a pizza,\non blue: (hot:1.2)", Width = 512, Height = 768 };

    // For each property of a request, one that differs in it.
    private static readonly Dictionary<string, ImageRequest> Changed = new()
    {
        [nameof(ImageRequest.Prompt)] = Plain with { Prompt = "emoji 🍕 骑马\n<lora:a:0.5> \"quoted\"" },
        [nameof(ImageRequest.NegativePrompt)] = Plain with { NegativePrompt = "small: yes,\nлодка" },
        [nameof(ImageRequest.Prompt2)] = Plain with { Prompt2 = "other: \"words\",\nhere" },
        [nameof(ImageRequest.NegativePrompt2)] = Plain with { NegativePrompt2 = "" },
        [nameof(ImageRequest.PromptSyntax)] = Plain with { PromptSyntax = PromptSyntaxNames.Webui },
        [nameof(ImageRequest.Emphasis)] = Plain with { Emphasis = EmphasisNames.NoNorm },
        [nameof(ImageRequest.Churn)] = Plain with { Churn = new Churn { Amount = 0.5, From = 0.1, To = 9.5 } },
        [nameof(ImageRequest.NoiseScale)] = Plain with { NoiseScale = 1.003 },
        [nameof(ImageRequest.Noise)] = Plain with { Noise = new NoiseOptions { Source = NoiseSourceNames.Nv, VariationSeed = 7, VariationStrength = 0.3, ResizeFromWidth = 512, ResizeFromHeight = 384, EtaSeedDelta = 31337 } },
        [nameof(ImageRequest.Loras)] = Plain with { Loras = [new LoraUse { Name = "style, soft", UnetWeight = -0.8, TextWeight = 0.5 }, new LoraUse { Name = "b" }] },
        [nameof(ImageRequest.Tiling)] = Plain with { Tiling = true },
        [nameof(ImageRequest.Width)] = Plain with { Width = 640 },
        [nameof(ImageRequest.Height)] = Plain with { Height = 640 },
        [nameof(ImageRequest.Steps)] = Plain with { Steps = 33 },
        [nameof(ImageRequest.Guidance)] = Plain with { Guidance = 7.25 },
        [nameof(ImageRequest.Sampler)] = Plain with { Sampler = SamplerNames.UniPc },
        [nameof(ImageRequest.Schedule)] = Plain with { Schedule = ScheduleNames.Karras },
        [nameof(ImageRequest.Seed)] = Plain with { Seed = 4294967295 },
        [nameof(ImageRequest.ClipSkip)] = Plain with { ClipSkip = 1 },
        [nameof(ImageRequest.Eta)] = Plain with { Eta = 0.5 },
        [nameof(ImageRequest.GuidanceRescale)] = Plain with { GuidanceRescale = 0.7 },
        [nameof(ImageRequest.Start)] = Plain with { Start = new StartImage { Image = Picture, Strength = 0.4 } },
        [nameof(ImageRequest.Inpaint)] = Plain with { Start = new StartImage { Image = Picture }, Inpaint = new Inpainting { Mask = Mask, Invert = true, Blur = 4.5, Content = MaskedContent.LatentNoise, OnlyMasked = true, Padding = 16, KeepOutside = false } },
        [nameof(ImageRequest.Hires)] = Plain with { Hires = new HiresFix { Scale = 1.5, Width = 768, Height = 1152, Upscaler = UpscalerNames.Lanczos, Strength = 0.35, Steps = 7, Sampler = SamplerNames.Heun, Schedule = ScheduleNames.Karras, Prompt = "sharper, \"still\"", NegativePrompt = "" } },
        [nameof(ImageRequest.Control)] = Plain with { Control = new ControlImage { Image = Picture, Scale = 0.9, Start = 0.1, End = 0.8 } },
        [nameof(ImageRequest.BestOf)] = Plain with { BestOf = 4 },
        [nameof(ImageRequest.OriginalWidth)] = Plain with { OriginalWidth = 1024 },
        [nameof(ImageRequest.OriginalHeight)] = Plain with { OriginalHeight = 1024 },
        [nameof(ImageRequest.CropLeft)] = Plain with { CropLeft = 8 },
        [nameof(ImageRequest.CropTop)] = Plain with { CropTop = 9 },
        [nameof(ImageRequest.TargetWidth)] = Plain with { TargetWidth = 1024 },
        [nameof(ImageRequest.TargetHeight)] = Plain with { TargetHeight = 1024 },
    };

    public static TheoryData<string> Properties => [.. typeof(ImageRequest).GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(property => property.Name)];

    public static TheoryData<string, string> Samplers =>
    [
        .. SamplerNames.All.SelectMany(_ => ScheduleNames.All, (sampler, schedule) => (sampler, schedule)),
        .. WebuiSamplerNames.All.SelectMany(_ => WebuiScheduleNames.All.Skip(1).Append(ScheduleNames.Model), (sampler, schedule) => (sampler, schedule)),
    ];

    [Theory]
    [MemberData(nameof(Properties))]
    public void Every_property_of_a_request_comes_back_from_its_text(string property)
    {
        Assert.True(Changed.TryGetValue(property, out var request), $"{property} is in no pair of the text.");
        var value = typeof(ImageRequest).GetProperty(property)!;
        Assert.NotEqual(value.GetValue(Plain), value.GetValue(request));

        AssertSame(request, Back(request));
        AssertSame(Plain, Back(Plain));
        var generation = new GenerationJson("emoji", "0123", request);
        var read = GenerationJson.Read(generation.Write(), [Picture], [Mask]);
        AssertSame(request, read.Request);
        Assert.Equal(("emoji", "0123"), (read.Model, read.ModelDigest));
    }

    [Theory]
    [InlineData("{}", "renderfarm.request is empty")]
    [InlineData("null", "renderfarm.request is empty")]
    [InlineData("{\"request\":{}}", "renderfarm.request is not readable")]
    [InlineData("hello", "renderfarm.request is not readable")]
    [InlineData("{\"request\":{\"prompt\":\"a\",\"start\":{\"image\":\"00\"}}}", "picture is 00; allowed is one of those that are given.")]
    public void Json_that_is_none_is_refused(string json, string reason) =>
        Assert.StartsWith(reason, Assert.Throws<RenderRequestException>(() => GenerationJson.Read(json, [Picture])).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Samplers))]
    public void Every_sampler_comes_back_with_every_schedule(string sampler, string schedule)
    {
        var request = Plain with { Sampler = sampler, Schedule = schedule };

        Assert.Equal(request, Back(request));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData(WebuiSamplerNames.Euler, null)]
    [InlineData(SamplerNames.Euler, ScheduleNames.Model)]
    [InlineData(WebuiSamplerNames.DpmPlusPlus2M, WebuiScheduleNames.SgmUniform)]
    [InlineData(null, ScheduleNames.Karras)]
    public void A_second_pass_comes_back_with_or_without_its_own_sampler(string? sampler, string? schedule)
    {
        var hires = new HiresFix { Sampler = sampler, Schedule = schedule };
        foreach (var request in new[] { Plain with { Hires = hires }, Plain with { Hires = hires, Start = new StartImage { Image = Picture, Strength = 0.2 } } })
        {
            AssertSame(request, Back(request));
        }
    }

    [Fact]
    public void A_second_pass_of_webui_is_understood()
    {
        var hires = GenerationText.Parse(
            "a dog\nSteps: 20, Sampler: Euler a, Schedule type: Automatic, CFG scale: 7, Seed: 1, Size: 512x512, Denoising strength: 0.7, Hires upscale: 2, Hires steps: 10, Hires upscaler: Latent (nearest-exact), Version: v1.10.0").ToRequest().Hires;

        Assert.Equal(new HiresFix { Scale = 2, Steps = 10, Upscaler = UpscalerNames.LatentNearestExact, Strength = 0.7 }, hires);
    }

    [Theory]
    [InlineData("DPM++ 2M Karras", null, WebuiSamplerNames.DpmPlusPlus2M, WebuiScheduleNames.Karras)]
    [InlineData("DPM++ 3M SDE Exponential", null, WebuiSamplerNames.DpmPlusPlus3MSde, WebuiScheduleNames.Exponential)]
    [InlineData("DPM++ 2M SDE SGM Uniform", null, WebuiSamplerNames.DpmPlusPlus2MSde, WebuiScheduleNames.SgmUniform)]
    [InlineData("Euler a", null, WebuiSamplerNames.EulerAncestral, ScheduleNames.Model)]
    [InlineData("Euler", "Automatic", WebuiSamplerNames.Euler, ScheduleNames.Model)]
    [InlineData("DPM++ 2M", "Karras", WebuiSamplerNames.DpmPlusPlus2M, WebuiScheduleNames.Karras)]
    [InlineData("DEIS", null, SamplerNames.Deis, ScheduleNames.Model)]
    [InlineData("TCD", "Automatic", SamplerNames.Tcd, ScheduleNames.Model)]
    [InlineData("Mystery", null, "Mystery", ScheduleNames.Model)]
    public void Labels_of_webui_are_understood_old_ones_too(string label, string? type, string sampler, string schedule)
    {
        var request = GenerationText.Parse($"a dog\nSteps: 20, Sampler: {label}{(type is null ? "" : $", Schedule type: {type}")}, Seed: 1, Size: 64x32").ToRequest();

        Assert.Equal((sampler, schedule, 20, 64, 32), (request.Sampler, request.Schedule, request.Steps, request.Width, request.Height));
    }

    [Fact]
    public void What_other_programs_write_is_kept_as_fields()
    {
        var generation = GenerationText.Parse("a dog\nSteps: 20, Seed: 1, ADetailer model: face_yolov8n.pt, Model: dream, Model hash: 45dee52b, Lora hashes: \"a: 12, b: 34\"");

        Assert.Equal(("dream", "45dee52b", "a: 12, b: 34"), (generation.Model, generation.ModelHash, generation.Fields["Lora hashes"]));
        Assert.Equal(new ImageRequest { Prompt = "a dog", Steps = 20, Seed = 1, PromptSyntax = PromptSyntaxNames.Webui, Noise = new NoiseOptions { Source = NoiseSourceNames.Nv } }, generation.ToRequest());
    }

    [Theory]
    [InlineData("Steps: many, Seed: 1, Size: 8x8", "Steps is 'many'; allowed is a whole number.")]
    [InlineData("Steps: 99999999999, Seed: 1, Size: 8x8", "Steps is '99999999999'; allowed is a number of at most nine digits.")]
    [InlineData("Steps: 1, Seed: 1, CFG scale: NaN", "CFG scale is 'NaN'; allowed is a number.")]
    public void A_value_that_is_none_is_refused_by_name(string settings, string reason) =>
        Assert.Equal(reason, Assert.Throws<RenderRequestException>(() => GenerationText.Parse($"a dog\n{settings}").ToRequest()).Message);

    [Theory]
    [InlineData("Emphasis: Loud", "Emphasis is 'Loud'; allowed is Original, No norm, Ignore or None.")]
    [InlineData("RNG: Dice", "RNG is 'Dice'; allowed is CPU, NV or GPU.")]
    [InlineData("Loras: soft", "Loras is 'soft'; allowed is tags such as <lora:name:1:0.8>.")]
    public void A_label_that_is_none_is_refused_by_name(string pair, string reason) =>
        Assert.Equal(reason, Assert.Throws<RenderRequestException>(() => GenerationText.Parse($"a dog\nSteps: 1, Seed: 1, {pair}").ToRequest()).Message);

    [Fact]
    public void A_text_without_settings_is_the_prompt_of_a_new_request() =>
        Assert.Equal(new ImageRequest { Prompt = "a dog, Steps: 3" }, GenerationText.Parse("a dog, Steps: 3").ToRequest());

    [Fact]
    public void Any_text_can_be_taken_apart()
    {
        const string Letters = "ab1:, \"\\\n\r\tx-/é🍕Negative prompt:Steps";
        var random = new Random(3);
        for (var round = 0; round < 2000; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(60)).Select(_ => Letters[random.Next(Letters.Length)]));

            Assert.NotNull(GenerationText.Parse(text).Prompt);
        }

        Assert.Equal(1 << 20, GenerationText.Parse(new string('a', 1 << 20)).Prompt.Length);
    }

    private static void AssertSame(ImageRequest expected, ImageRequest actual)
    {
        Assert.Equal(expected.Loras, actual.Loras);
        Assert.Equal(expected, actual with { Loras = expected.Loras });
    }

    private static ImageRequest Back(ImageRequest request)
    {
        var text = GenerationText.Write(request, "emoji", "0123456789abcdef");

        return GenerationText.Parse(text).ToRequest(request.Start?.Image, request.Inpaint?.Mask, request.Control?.Image);
    }
}
