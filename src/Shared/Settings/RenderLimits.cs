namespace RenderFarm.Shared.Settings;

/// <summary>What a job may ask for. Every limit is named in the error that enforces it.</summary>
public static class RenderLimits
{
    /// <summary>Pixels; the latent of a Stable Diffusion model is an eighth of the picture on each side. A model may want a larger one.</summary>
    public const int SizeMultiple = 8;

    /// <summary>Pixels a side.</summary>
    public const int MaxSize = 4096;

    /// <summary>Denoising steps.</summary>
    public const int MaxSteps = 500;

    /// <summary>Classifier-free guidance scale.</summary>
    public const double MaxGuidance = 100;

    /// <summary>Text encoder layers that may be skipped.</summary>
    public const int MaxClipSkip = 11;

    /// <summary>How many times larger the second pass may be along each side.</summary>
    public const double MaxHiresScale = 8;

    /// <summary>The second pass walks at least so much of the path from noise.</summary>
    public const double MinHiresStrength = 0.01;

    /// <summary>LoRAs of one job.</summary>
    public const int MaxLoras = 16;

    /// <summary>A LoRA's weight is in [-MaxLoraWeight, MaxLoraWeight].</summary>
    public const double MaxLoraWeight = 10;

    /// <summary>Characters of a LoRA's name.</summary>
    public const int MaxLoraNameLength = 100;

    /// <summary>Characters of a prompt: with JSON escapes an offer with a prompt and a negative prompt of this length stays under 64 KiB.</summary>
    public const int MaxPromptLength = 4000;

    /// <summary>Frames of one job.</summary>
    public const long MaxFrames = 100_000_000;

    /// <summary>Distinct prompts of one job.</summary>
    public const int MaxPrompts = 100_000;

    /// <summary>Pictures of a frame, of which the best is kept.</summary>
    public const int MaxBestOf = 16;

    /// <summary>Quality of formats that lose some.</summary>
    public const int MaxQuality = 100;

    /// <summary>Characters of a job's name.</summary>
    public const int MaxNameLength = 200;

    /// <summary>Labels of one job.</summary>
    public const int MaxLabels = 32;

    /// <summary>Characters of a label's key, and of its value.</summary>
    public const int MaxLabelLength = 256;

    /// <summary>A job is kept at least so long after its end: who submitted it has to fetch its pictures.</summary>
    public static readonly TimeSpan MinRetention = TimeSpan.FromMinutes(1);

    /// <summary>Longest time that a job may ask to be kept: ten years.</summary>
    public static readonly TimeSpan MaxRetention = TimeSpan.FromDays(3653);

    /// <summary>Priority is in [-MaxPriority, MaxPriority].</summary>
    public const int MaxPriority = 100;
}
