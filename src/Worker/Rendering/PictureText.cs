using System.Globalization;
using System.Text.Json;
using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Worker.Rendering;

/// <summary>What is written into the image file: <c>parameters</c>, as stable-diffusion-webui reads it, and <c>renderfarm</c>, everything as JSON.</summary>
internal static class PictureText
{
    private const int ShortHash = 10;

    /// <summary>The texts by keyword; null where the job wants none. They hold nothing of job or attempt: the same settings give the same bytes, whenever and wherever they are rendered.</summary>
    public static IReadOnlyDictionary<string, string>? Of(LeaseOffered offer, LeasedFrame frame, RenderedImage image)
    {
        if (!offer.Output.Metadata)
        {
            return null;
        }

        var settings = offer.Settings with { Prompt = offer.Prompts[frame.Prompt], Seed = frame.Seed, Width = image.Width, Height = image.Height };
        return new Dictionary<string, string>
        {
            ["parameters"] = Parameters(settings, offer.Model, offer.ModelDigest),
            ["renderfarm"] = JsonSerializer.Serialize(new Provenance(offer.Model, offer.ModelDigest, settings), FarmJson.Options),
        };
    }

    private static string Parameters(RenderSettings settings, string model, string digest)
    {
        List<(string Key, string Value)> values =
        [
            ("Steps", settings.Steps.ToString(CultureInfo.InvariantCulture)),
            ("Sampler", SamplerName(settings.Sampler)),
            ("Schedule type", ScheduleName(settings.Schedule)),
            ("CFG scale", settings.Guidance.ToString(CultureInfo.InvariantCulture)),
            ("Seed", settings.Seed!.Value.ToString(CultureInfo.InvariantCulture)),
            ("Size", $"{settings.Width}x{settings.Height}"),
            ("Model hash", digest[..Math.Min(ShortHash, digest.Length)]),
            ("Model", model),
        ];
        if (settings.ClipSkip > 0)
        {
            // The webui counts from the last layer: 1 skips nothing.
            values.Add(("Clip skip", (settings.ClipSkip + 1).ToString(CultureInfo.InvariantCulture)));
        }

        var negative = settings.NegativePrompt.Length > 0 ? $"\nNegative prompt: {settings.NegativePrompt}" : "";
        return $"{settings.Prompt}{negative}\n{string.Join(", ", values.Select(pair => $"{pair.Key}: {Quoted(pair.Value)}"))}".Trim();
    }

    private static string SamplerName(string sampler) => sampler switch
    {
        Diffusion.SamplerNames.Ddim => "DDIM",
        Diffusion.SamplerNames.Euler => "Euler",
        Diffusion.SamplerNames.EulerAncestral => "Euler a",
        Diffusion.SamplerNames.DpmPlusPlus2M => "DPM++ 2M",
        _ => throw new ArgumentException($"The sampler '{sampler}' has no name for the webui; known: {string.Join(", ", Diffusion.SamplerNames.All)}.", nameof(sampler)),
    };

    private static string ScheduleName(string schedule) => schedule switch
    {
        ScheduleNames.Model => "Automatic",
        ScheduleNames.Karras => "Karras",
        _ => throw new ArgumentException($"The schedule '{schedule}' has no name for the webui; known: {string.Join(", ", ScheduleNames.All)}.", nameof(schedule)),
    };

    private static string Quoted(string value) => value.AsSpan().ContainsAny(",:\n") ? JsonSerializer.Serialize(value) : value;

    private sealed record Provenance(string Model, string ModelDigest, RenderSettings Settings);
}
