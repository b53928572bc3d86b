using System.Text.Json;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

/// <summary>The goldens' words in the library's, and which cases the library can do.</summary>
internal static class GoldenNames
{
    public static string Sampler(JsonElement golden) =>
        golden.GetProperty("sampler").GetString()!.Replace("dpmpp_", "dpm++", StringComparison.Ordinal);

    public static bool IsSupported(JsonElement golden) => SamplerNames.All.Contains(Sampler(golden));

    /// <summary>A literal prompt, by a sampler and on a kind of model that the library has.</summary>
    public static bool IsSupportedPicture(JsonElement golden) =>
        IsSupported(golden)
        && !golden.TryGetProperty("syntax", out _)
        && (!golden.TryGetProperty("model", out var model) || IsStableDiffusion(model.GetString()!));

    private static bool IsStableDiffusion(string model)
    {
        if (!GoldenFolder.HasModel(model))
        {
            return false;
        }

        using var index = JsonDocument.Parse(File.ReadAllText(Path.Combine(GoldenFolder.Model(model), "model_index.json")));
        return index.RootElement.GetProperty("_class_name").GetString() == "StableDiffusionPipeline";
    }

    public static ImageRequest Request(JsonElement golden) => new()
    {
        Prompt = golden.GetProperty("prompt").GetString()!,
        NegativePrompt = golden.TryGetProperty("negative", out var negative) ? negative.GetString()! : "",
        Width = (int)(Number(golden, "width") ?? 0),
        Height = (int)(Number(golden, "height") ?? 0),
        Steps = (int)(Number(golden, "steps") ?? Number(golden, "num_inference_steps"))!.Value,
        Guidance = (Number(golden, "guidance") ?? Number(golden, "guidance_scale"))!.Value,
        GuidanceRescale = Number(golden, "guidance_rescale") ?? 0,
        Eta = Number(golden, "eta") ?? 0,
        ClipSkip = (int)(Number(golden, "clip_skip") ?? 0),
        Sampler = Sampler(golden),
        Schedule = golden.TryGetProperty("karras", out var karras) && karras.GetBoolean() ? ScheduleNames.Karras : ScheduleNames.Model,
        Seed = golden.GetProperty("seed").GetInt64(),
        Start = golden.TryGetProperty("init", out var init) ? new StartImage { Image = Picture(init), Strength = Number(golden, "strength")!.Value } : null,
        Inpaint = golden.TryGetProperty("mask", out var mask) ? new Inpainting { Mask = Picture(mask) } : null,
    };

    private static double? Number(JsonElement golden, string name) => golden.TryGetProperty(name, out var value) ? value.GetDouble() : null;

    private static InputImage Picture(JsonElement file)
    {
        var picture = PngFile.Read(GoldenFolder.PathOf("images", file.GetString()!));
        return new InputImage(picture.Width, picture.Height, picture.Rgb);
    }
}
