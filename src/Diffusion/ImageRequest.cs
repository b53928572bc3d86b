using RenderFarm.Diffusion.Control;
using RenderFarm.Diffusion.Hires;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Lora;
using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion;

/// <summary>One picture to render.</summary>
public sealed record ImageRequest
{
    /// <summary>What to draw, in the syntax that <see cref="PromptSyntax"/> names.</summary>
    public required string Prompt { get; init; }

    /// <summary>What to stay away from; unused where guidance is 1 or less.</summary>
    public string NegativePrompt { get; init; } = "";

    /// <summary>SDXL: what the second text encoder reads; null is <see cref="Prompt"/>.</summary>
    public string? Prompt2 { get; init; }

    /// <summary>SDXL: what the second text encoder reads to stay away from; null is <see cref="NegativePrompt"/>.</summary>
    public string? NegativePrompt2 { get; init; }

    /// <summary>One of <see cref="PromptSyntaxNames"/>.</summary>
    public string PromptSyntax { get; init; } = PromptSyntaxNames.Literal;

    /// <summary>One of <see cref="EmphasisNames"/>; for <see cref="PromptSyntaxNames.Webui"/>.</summary>
    public string Emphasis { get; init; } = EmphasisNames.Original;

    /// <summary>Pixels; 0 is the model's own width.</summary>
    public int Width { get; init; }

    /// <summary>Pixels; 0 is the model's own height.</summary>
    public int Height { get; init; }

    public int Steps { get; init; } = 20;

    /// <summary>How strongly the prompt pulls; 1 runs without guidance, in half the time, and in the literal syntax so does less.</summary>
    public double Guidance { get; init; } = 7;

    /// <summary>One of <see cref="SamplerNames"/>, or of <see cref="WebuiSamplerNames"/>.</summary>
    public string Sampler { get; init; } = SamplerNames.DpmPlusPlus2M;

    /// <summary>One of <see cref="ScheduleNames"/>; for webui's samplers one of <see cref="WebuiScheduleNames"/>, or <see cref="ScheduleNames.Model"/> for "Automatic".</summary>
    public string Schedule { get; init; } = ScheduleNames.Model;

    /// <summary>The same seed and settings give the same picture.</summary>
    public long Seed { get; init; }

    /// <summary>How many of the text encoder's last layers to leave out; for the negative prompt too in webui's syntax, but not in the literal one.</summary>
    public int ClipSkip { get; init; }

    /// <summary>The share of fresh noise in each step, from 0 (none) to 1, for the samplers that take it; null is the sampler's own.</summary>
    public double? Eta { get; init; }

    /// <summary>Noise that steps add before they denoise, for the samplers that take it.</summary>
    public Churn Churn { get; init; } = new();

    /// <summary>What the fresh noise of eta and churn is multiplied by, for the samplers that take it.</summary>
    public double NoiseScale { get; init; } = 1;

    /// <summary>What the noise is made of beside the seed.</summary>
    public NoiseOptions Noise { get; init; } = new();

    /// <summary>How far guidance's contrast is drawn back, from 0 (not) to 1.</summary>
    public double GuidanceRescale { get; init; }

    /// <summary>Whether opposite edges continue each other, so that the picture can be laid side by side.</summary>
    public bool Tiling { get; init; }

    /// <summary>A picture to start from; null is noise alone.</summary>
    public StartImage? Start { get; init; }

    /// <summary>Which part of <see cref="Start"/> is drawn anew; null is all of it.</summary>
    public Inpainting? Inpaint { get; init; }

    /// <summary>A second pass at a larger size; null is none.</summary>
    public HiresFix? Hires { get; init; }

    /// <summary>A picture that guides what is drawn where, for models with a ControlNet.</summary>
    public ControlImage? Control { get; init; }

    /// <summary>SDXL: the width of the picture that the result is to look like it was scaled from; 0 is <see cref="Width"/>.</summary>
    public int OriginalWidth { get; init; }

    /// <summary>SDXL: its height; 0 is <see cref="Height"/>.</summary>
    public int OriginalHeight { get; init; }

    /// <summary>SDXL: how far the result is to look like it was cut on the left.</summary>
    public int CropLeft { get; init; }

    /// <summary>SDXL: how far at the top.</summary>
    public int CropTop { get; init; }

    /// <summary>SDXL: the width that the result is to look made for; 0 is <see cref="Width"/>.</summary>
    public int TargetWidth { get; init; }

    /// <summary>SDXL: the height; 0 is <see cref="Height"/>.</summary>
    public int TargetHeight { get; init; }

    /// <summary>LoRAs to render with; in webui's syntax the prompt may name more.</summary>
    public IReadOnlyList<LoraUse> Loras { get; init; } = [];

    /// <summary>Of so many pictures, with the seeds from <see cref="Seed"/> on, the one that fits the prompt best is kept.</summary>
    public int BestOf { get; init; } = 1;
}
