using System.Text.Json;
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
        var settings = offer.Settings with { Prompt = offer.Prompts[frame.Prompt], Seed = frame.Seed, Width = image.Request.Width, Height = image.Request.Height };
        return new Dictionary<string, string>
        {
            [GenerationText.Keyword] = GenerationText.For(image, offer.Model, offer.ModelDigest),
            ["renderfarm"] = JsonSerializer.Serialize(new Provenance(offer.Model, offer.ModelDigest, settings), FarmJson.Options),
        };
    }

    private sealed record Provenance(string Model, string ModelDigest, RenderSettings Settings);
}
