namespace RenderFarm.Diffusion.Hires;

/// <summary>
/// A second pass at a larger size: the finished picture is enlarged, partly noised and denoised again, so that a model draws details at sizes
/// at which it would repeat itself from noise alone. Known from stable-diffusion-webui as "Hires. fix".
/// </summary>
public sealed record HiresFix
{
    /// <summary>How many times larger along each side; unused where width and height are given.</summary>
    public double Scale { get; init; } = 2;

    /// <summary>Pixels; 0 goes by <see cref="Scale"/>.</summary>
    public int Width { get; init; }

    /// <summary>Pixels; 0 goes by <see cref="Scale"/>.</summary>
    public int Height { get; init; }

    /// <summary>One of <see cref="UpscalerNames"/>.</summary>
    public string Upscaler { get; init; } = UpscalerNames.Latent;

    /// <summary>How much of the path from noise the second pass walks, above 0 to 1.</summary>
    public double Strength { get; init; } = 0.7;

    /// <summary>Steps of the second pass, all of which are walked; 0 is as many as the first has.</summary>
    public int Steps { get; init; }

    /// <summary>Null is the first pass's.</summary>
    public string? Sampler { get; init; }

    /// <summary>Null is the first pass's.</summary>
    public string? Schedule { get; init; }

    /// <summary>Null is the first pass's.</summary>
    public string? Prompt { get; init; }

    /// <summary>Null is the first pass's.</summary>
    public string? NegativePrompt { get; init; }
}
