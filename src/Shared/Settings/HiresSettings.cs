using System.Text.Json.Serialization;

namespace RenderFarm.Shared.Settings;

/// <summary>A second pass at a larger size, known from stable-diffusion-webui as "Hires. fix": the picture is enlarged, partly noised and denoised again.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HiresSettings
{
    /// <summary>What enlarges the picture, by stable-diffusion-webui's names.</summary>
    public static IReadOnlyList<string> Upscalers { get; } =
        ["Latent", "Latent (antialiased)", "Latent (bicubic)", "Latent (bicubic antialiased)", "Latent (nearest)", "Latent (nearest-exact)", "Lanczos", "Nearest"];

    /// <summary>How many times larger along each side; unused where width and height are given.</summary>
    public double Scale { get; init; } = 2;

    /// <summary>Width in pixels; null goes by the scale.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels; null goes by the scale.</summary>
    public int? Height { get; init; }

    /// <summary>One of <see cref="Upscalers"/>.</summary>
    public string Upscaler { get; init; } = Upscalers[0];

    /// <summary>Steps of the second pass; null is as many as the first has.</summary>
    public int? Steps { get; init; }

    /// <summary>How much of the path from noise the second pass walks, above 0 to 1.</summary>
    public double Strength { get; init; } = 0.7;

    /// <summary>The sampler of the second pass; null is the first one's.</summary>
    public string? Sampler { get; init; }

    /// <summary>The noise schedule of the second pass; null is the first one's, or the usual one of the sampler stated here.</summary>
    public string? Schedule { get; init; }
}
