namespace RenderFarm.Diffusion;

/// <summary>The samplers that give stable-diffusion-webui's numbers, by the names that it shows.</summary>
public static class WebuiSamplerNames
{
    public const string Euler = "Euler";
    public const string EulerAncestral = "Euler a";
    public const string Lms = "LMS";
    public const string Heun = "Heun";
    public const string Dpm2 = "DPM2";
    public const string Dpm2Ancestral = "DPM2 a";
    public const string DpmPlusPlus2SAncestral = "DPM++ 2S a";
    public const string DpmPlusPlus2M = "DPM++ 2M";
    public const string DpmPlusPlusSde = "DPM++ SDE";
    public const string DpmPlusPlus2MSde = "DPM++ 2M SDE";
    public const string DpmPlusPlus2MSdeHeun = "DPM++ 2M SDE Heun";
    public const string DpmPlusPlus3MSde = "DPM++ 3M SDE";
    public const string DpmFast = "DPM fast";
    public const string DpmAdaptive = "DPM adaptive";
    public const string Restart = "Restart";
    public const string Ddim = "DDIM";
    public const string Plms = "PLMS";

    public static IReadOnlyList<string> All { get; } =
    [
        Euler, EulerAncestral, Lms, Heun, Dpm2, Dpm2Ancestral, DpmPlusPlus2SAncestral, DpmPlusPlus2M, DpmPlusPlusSde,
        DpmPlusPlus2MSde, DpmPlusPlus2MSdeHeun, DpmPlusPlus3MSde, DpmFast, DpmAdaptive, Restart, Ddim, Plms,
    ];
}
