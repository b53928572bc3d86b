using System.Text.Json;
using System.Text.Json.Serialization;
using RenderFarm.Diffusion;
using RenderFarm.Diffusion.Provenance;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Shared.Settings;

namespace RenderFarm.Worker.Rendering;

/// <summary>What is written into the image file: <c>parameters</c>, as stable-diffusion-webui reads it, and <c>renderfarm</c>, everything as JSON.</summary>
internal static class PictureText
{
    /// <summary>The texts by keyword; null where the job wants none. They hold what the picture follows from and nothing else: the same settings give the same bytes.</summary>
    public static IReadOnlyDictionary<string, string>? Of(LeaseOffered offer, LeasedFrame frame, RenderedImage image)
    {
        if (!offer.Output.Metadata)
        {
            return null;
        }

        // A second pass makes the picture larger than it was asked for.
        var settings = offer.Settings with { Prompt = offer.Prompts[frame.Prompt], Seed = image.Request.Seed, Width = image.Request.Width, Height = image.Request.Height };
        return new Dictionary<string, string>
        {
            [GenerationText.Keyword] = GenerationText.For(image, offer.Model, offer.ModelDigest),
            ["renderfarm"] = JsonSerializer.Serialize(new Provenance(offer.Model, offer.ModelDigest, settings, image.Score, image.Score is null ? null : image.Scores), FarmJson.Options),
        };
    }

    /// <summary>The settings render this picture alone; of the best of several, the scores tell what it was chosen from.</summary>
    private sealed record Provenance(
        string Model,
        string ModelDigest,
        RenderSettings Settings,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Score,
        [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double>? Scores);
}
