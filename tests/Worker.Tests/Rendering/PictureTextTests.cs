using System.Text.Json;
using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Tests.Rendering;

public sealed class PictureTextTests
{
    private static readonly RenderSettings Settings = new() { NegativePrompt = "blurry, dark", Steps = 20, Guidance = 7.5, Sampler = "euler_a", Schedule = "karras", Seed = 40 };

    private static readonly LeasedFrame Frame = new(2, 42, 1);

    [Fact]
    public void The_webui_reads_the_settings_of_the_frame()
    {
        Assert.Equal(
            "a pizza: big\nNegative prompt: blurry, dark\nSteps: 20, Sampler: Euler a, Schedule type: Karras, CFG scale: 7.5, Seed: 42, Size: 64x48, Model hash: 0123456789, Model: emoji, RNG: CPU, Diffusers sampler: euler_a, Version: RenderFarm 0.1.0",
            Of(Settings)["parameters"]);
    }

    [Fact]
    public void Clip_skip_is_counted_as_the_webui_counts_and_an_empty_negative_prompt_is_left_out()
    {
        var text = Of(Settings with { NegativePrompt = "", ClipSkip = 1 })["parameters"];
        Assert.Contains(", Model: emoji, Clip skip: 2,", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Negative", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_needed_to_render_it_again_is_there_as_json()
    {
        using var json = JsonDocument.Parse(Of(Settings)["renderfarm"]);
        var root = json.RootElement;
        Assert.Equal(("emoji", "0123456789abcdef"), (root.GetProperty("model").GetString(), root.GetProperty("modelDigest").GetString()));
        var settings = root.GetProperty("settings").Deserialize<RenderSettings>(Shared.FarmJson.Options);
        Assert.Equivalent(Settings with { Prompt = "a pizza: big", Seed = 42, Width = 64, Height = 48 }, settings, strict: true);
    }

    [Fact]
    public void A_picture_of_two_passes_tells_the_size_of_the_first()
    {
        var text = Of(Settings with { Hires = new HiresSettings { Scale = 2 } });
        Assert.Contains("Size: 64x48", text["parameters"], StringComparison.Ordinal);
        Assert.Contains("Hires upscale: 2", text["parameters"], StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text["renderfarm"]);
        Assert.Equal(64, json.RootElement.GetProperty("settings").GetProperty("width").GetInt32());
    }

    [Fact]
    public void A_job_that_wants_no_metadata_gets_none() => Assert.Null(PictureText.Of(Offer(Settings, metadata: false), Frame, Image(Settings)));

    private static IReadOnlyDictionary<string, string> Of(RenderSettings settings) => PictureText.Of(Offer(settings, metadata: true), Frame, Image(settings))!;

    private static LeaseOffered Offer(RenderSettings settings, bool metadata) => new(
        Guid.NewGuid(), 1, Guid.Empty, "acme", "emoji", "0123456789abcdef", settings, new OutputSettings { Metadata = metadata }, ["a whale", "a pizza: big"], []);

    private static RenderedImage Image(RenderSettings settings)
    {
        var request = FrameRequest.Of(Offer(settings, metadata: true), Frame) with { Width = 64, Height = 48 };
        var (width, height) = settings.Hires is null ? (64, 48) : (128, 96);
        return new RenderedImage(request, width, height, new byte[width * height * 3], []);
    }
}
