using System.Text.Json.Serialization;

namespace RenderFarm.Shared.Settings;

/// <summary>How the frames of a job are rendered. A frame's own prompt and seed follow from these and its index.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record RenderSettings
{
    /// <summary>What the picture shows. Null where the job's <c>prompts</c> drive the frames.</summary>
    public string? Prompt { get; init; }

    /// <summary>What the picture should not show; used where guidance is above 1.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>Width in pixels, a multiple of 8; null takes the model's own.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels, a multiple of 8; null takes the model's own.</summary>
    public int? Height { get; init; }

    /// <summary>Denoising steps.</summary>
    public int Steps { get; init; } = 20;

    /// <summary>Classifier-free guidance scale (Ho and Salimans 2022, https://arxiv.org/abs/2207.12598); 1 or less turns guidance off.</summary>
    public double Guidance { get; init; } = 7.0;

    /// <summary>The sampler, for example <c>euler_a</c>; an unknown one is answered with the list.</summary>
    public string Sampler { get; init; } = "dpm++2m";

    /// <summary>The noise schedule: <c>model</c> for the model's own, or <c>karras</c>.</summary>
    public string Schedule { get; init; } = "karras";

    /// <summary>Seed of the first frame; null draws one at submit. Frame i of a prompt uses seed + i.</summary>
    public long? Seed { get; init; }

    /// <summary>How many last layers of the text encoder are skipped.</summary>
    public int ClipSkip { get; init; }
}
