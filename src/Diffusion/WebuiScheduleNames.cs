namespace RenderFarm.Diffusion;

/// <summary>The noise schedules of stable-diffusion-webui, by the labels that it shows; for <see cref="WebuiSamplerNames"/>.</summary>
public static class WebuiScheduleNames
{
    /// <summary>The one that webui has for the sampler.</summary>
    public const string Automatic = "Automatic";
    public const string Uniform = "Uniform";
    public const string Karras = "Karras";
    public const string Exponential = "Exponential";
    public const string Polyexponential = "Polyexponential";
    public const string SgmUniform = "SGM Uniform";
    public const string KlOptimal = "KL Optimal";
    public const string AlignYourSteps = "Align Your Steps";
    public const string Simple = "Simple";
    public const string Normal = "Normal";
    public const string Ddim = "DDIM";
    public const string Beta = "Beta";

    public static IReadOnlyList<string> All { get; } =
    [
        Automatic, Uniform, Karras, Exponential, Polyexponential, SgmUniform, KlOptimal, AlignYourSteps, Simple, Normal, Ddim, Beta,
    ];
}
