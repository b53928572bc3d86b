using System.Text.Json;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Masks;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.Diffusion.Tests;

/// <summary>The goldens' words in the library's, and which cases the library can do.</summary>
internal static class GoldenNames
{
    public static string Sampler(JsonElement golden) =>
        golden.GetProperty("sampler").GetString()!.Replace("dpmpp_", "dpm++", StringComparison.Ordinal);

    public static bool IsSupported(JsonElement golden) => SamplerNames.All.Contains(Sampler(golden));

    /// <summary>By a sampler and on a kind of model that the library has.</summary>
    public static bool IsSupportedPicture(JsonElement golden) =>
        IsSupported(golden)
        && (!golden.TryGetProperty("model", out var model) || GoldenFolder.HasModel(model.GetString()!));

    public static ImageRequest Request(JsonElement golden) => new()
    {
        Prompt = golden.GetProperty("prompt").GetString()!,
        NegativePrompt = golden.TryGetProperty("negative", out var negative) ? negative.GetString()! : "",
        Width = (int)(Number(golden, "width") ?? 0),
        Height = (int)(Number(golden, "height") ?? 0),
        Steps = (int)(Number(golden, "steps") ?? Number(golden, "num_inference_steps"))!.Value,
        Guidance = (Number(golden, "guidance") ?? Number(golden, "guidance_scale"))!.Value,
        GuidanceRescale = Number(golden, "guidance_rescale") ?? 0,
        Eta = Number(golden, "eta"),
        ClipSkip = (int)(Number(golden, "clip_skip") ?? 0),
        Sampler = Sampler(golden),
        Schedule = golden.TryGetProperty("karras", out var karras) && karras.GetBoolean() ? ScheduleNames.Karras : ScheduleNames.Model,
        PromptSyntax = golden.TryGetProperty("syntax", out var syntax) ? syntax.GetString()! : PromptSyntaxNames.Literal,
        Prompt2 = golden.TryGetProperty("prompt_2", out var prompt2) ? prompt2.GetString() : null,
        NegativePrompt2 = golden.TryGetProperty("negative_2", out var negative2) ? negative2.GetString() : null,
        OriginalHeight = Side(golden, "original_size", 0),
        OriginalWidth = Side(golden, "original_size", 1),
        CropTop = Side(golden, "crop_top_left", 0),
        CropLeft = Side(golden, "crop_top_left", 1),
        TargetHeight = Side(golden, "target_size", 0),
        TargetWidth = Side(golden, "target_size", 1),
        Seed = golden.GetProperty("seed").GetInt64(),
        Start = golden.TryGetProperty("init", out var init) ? new StartImage { Image = Picture(init), Strength = Number(golden, "strength")!.Value } : null,
        Inpaint = golden.TryGetProperty("mask", out var mask) ? new Inpainting { Mask = MaskImage.From(Picture(mask)), KeepOutside = false } : null,
    };

    private static int Side(JsonElement golden, string name, int index) => golden.TryGetProperty(name, out var pair) ? pair[index].GetInt32() : 0;

    private static double? Number(JsonElement golden, string name) => golden.TryGetProperty(name, out var value) ? value.GetDouble() : null;

    private static InputImage Picture(JsonElement file)
    {
        var picture = PngFile.Read(GoldenFolder.PathOf("images", file.GetString()!));
        return new InputImage(picture.Width, picture.Height, picture.Rgb);
    }
}
