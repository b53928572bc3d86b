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

    /// <summary>How far guidance's contrast is drawn back, from 0 (not) to 1 (https://arxiv.org/abs/2305.08891, section 3.4).</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>How prompts are read: <c>webui</c>, or <c>literal</c>.</summary>
    public string PromptSyntax { get; init; } = PromptSyntaxNames.Webui;

    /// <summary>The sampler, for example <c>euler_a</c> or <c>DPM++ 2M</c>; an unknown one is answered with the list.</summary>
    public string Sampler { get; init; } = "dpm++2m";

    /// <summary>The noise schedule; null is <c>karras</c>, or <c>Automatic</c> for the samplers of stable-diffusion-webui.</summary>
    public string? Schedule { get; init; }

    /// <summary>The share of fresh noise in each step, from 0 to 1, for samplers that take it; null is the sampler's own.</summary>
    public double? Eta { get; init; }

    /// <summary>Seed of the first frame; null draws one at submit. Frame i of a prompt uses seed + i, or seed + i * bestOf where the best of several is kept.</summary>
    public long? Seed { get; init; }

    /// <summary>Where the noise comes from: <c>cpu</c>, or <c>nv</c>.</summary>
    public string NoiseSource { get; init; } = NoiseSourceNames.Cpu;

    /// <summary>Seed of the noise that each frame's own is turned towards; null draws one at submit where it is needed.</summary>
    public long? VariationSeed { get; init; }

    /// <summary>How far the noise is turned, from 0 (not) to 1 (it is the variation's).</summary>
    public double VariationStrength { get; init; }

    /// <summary>How many last layers of the text encoder are skipped.</summary>
    public int ClipSkip { get; init; }

    /// <summary>Whether opposite edges continue each other, so that pictures can be laid side by side.</summary>
    public bool Tiling { get; init; }

    /// <summary>A second pass at a larger size; null is none.</summary>
    public HiresSettings? Hires { get; init; }

    /// <summary>LoRAs to render with, beside those that a prompt names.</summary>
    public IReadOnlyList<LoraSettings> Loras { get; init; } = [];
}
