using System.Globalization;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Provenance;

/// <summary>
/// The settings of a picture as stable-diffusion-webui writes them into the PNG text chunk "parameters", which many tools read:
/// the prompt, a line with the negative prompt, a line of "key: value" pairs in webui's order.
/// </summary>
public static class GenerationText
{
    /// <summary>The keyword of the PNG text chunk.</summary>
    public const string Keyword = "parameters";

    private const int ShortHash = 10;

    private static readonly JsonSerializerOptions Quoted = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string Version =
        typeof(GenerationText).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    /// <summary>For a request, before or after it is rendered.</summary>
    public static string For(ImageRequest request, ModelFolder model) => Write(RequestRules.WithSize(request, model), model.Name, model.Digest);

    /// <summary>For a picture, where the model's name and digest are known but not its folder.</summary>
    public static string For(RenderedImage image, string modelName, string modelDigest) =>
        Write(image.Request with { Width = image.Width, Height = image.Height }, modelName, modelDigest);

    private static string Write(ImageRequest request, string modelName, string modelDigest)
    {
        List<(string Key, string? Value)> pairs =
        [
            ("Steps", Number(request.Steps)),
            ("Sampler", SamplerLabel(request.Sampler)),
            ("Schedule type", ScheduleLabel(request)),
            ("CFG scale", Number(request.Guidance)),
            ("Seed", Number(request.Seed)),
            ("Size", $"{request.Width}x{request.Height}"),
            ("Model hash", modelDigest[..ShortHash]),
            ("Model", modelName),

            // webui counts the layer that is read from the end, so that 1 skips none.
            ("Clip skip", request.ClipSkip > 0 ? Number(request.ClipSkip + 1) : null),
            ("RNG", "CPU"),
            ("Eta", request.Eta > 0 ? Number(request.Eta.Value) : null),
            ("CFG rescale", request.GuidanceRescale > 0 ? Number(request.GuidanceRescale) : null),
            ("Version", $"RenderFarm {Version}"),
        ];
        var settings = string.Join(", ", pairs.Where(pair => pair.Value is not null).Select(pair => $"{pair.Key}: {Quote(pair.Value!)}"));
        var negative = request.NegativePrompt.Length > 0 ? $"\nNegative prompt: {request.NegativePrompt}" : "";
        return $"{request.Prompt}{negative}\n{settings}".Trim();
    }

    /// <summary>A value that holds one of the text's own separators is written as a JSON string.</summary>
    internal static string Quote(string value) =>
        value.AsSpan().ContainsAny(',', ':', '\n') ? JsonSerializer.Serialize(value, Quoted) : value;

    private static string SamplerLabel(string sampler) => sampler switch
    {
        SamplerNames.Ddim => "DDIM",
        SamplerNames.Ddpm => "DDPM",
        SamplerNames.Pndm => "PLMS",
        SamplerNames.Lms => "LMS",
        SamplerNames.Euler => "Euler",
        SamplerNames.EulerAncestral => "Euler a",
        SamplerNames.Heun => "Heun",
        SamplerNames.Dpm2 => "DPM2",
        SamplerNames.Dpm2Ancestral => "DPM2 a",
        SamplerNames.DpmPlusPlus2M => "DPM++ 2M",
        SamplerNames.DpmPlusPlus2MSde => "DPM++ 2M SDE",
        SamplerNames.DpmPlusPlus2S => "DPM++ 2S",
        SamplerNames.Deis => "DEIS",
        SamplerNames.UniPc => "UniPC",
        SamplerNames.Lcm => "LCM",
        SamplerNames.Tcd => "TCD",
        _ when WebuiSamplerNames.All.Contains(sampler) => sampler,
        _ => throw new RenderRequestException(nameof(ImageRequest.Sampler), $"'{sampler}'", $"one of {string.Join(", ", SamplerNames.All)}"),
    };

    private static string ScheduleLabel(ImageRequest request) => request.Schedule switch
    {
        ScheduleNames.Karras => "Karras",
        ScheduleNames.Model => WebuiSamplerNames.All.Contains(request.Sampler) ? WebuiScheduleNames.Automatic : WebuiScheduleNames.Uniform,
        var name when WebuiScheduleNames.All.Contains(name) => name,
        var other => throw new RenderRequestException(nameof(ImageRequest.Schedule), $"'{other}'", $"one of {string.Join(", ", ScheduleNames.All)}"),
    };

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
