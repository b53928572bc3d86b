namespace RenderFarm.Diffusion;

/// <summary>The samplers by name.</summary>
public static class SamplerNames
{
    public const string Ddim = "ddim";
    public const string Ddpm = "ddpm";
    public const string Pndm = "pndm";
    public const string Lms = "lms";
    public const string Euler = "euler";
    public const string EulerAncestral = "euler_a";
    public const string Heun = "heun";
    public const string Dpm2 = "dpm2";
    public const string Dpm2Ancestral = "dpm2_a";
    public const string DpmPlusPlus2M = "dpm++2m";
    public const string DpmPlusPlus2MSde = "dpm++2m_sde";
    public const string DpmPlusPlus2S = "dpm++2s";
    public const string Deis = "deis";
    public const string UniPc = "unipc";
    public const string Lcm = "lcm";
    public const string Tcd = "tcd";

    public static IReadOnlyList<string> All { get; } =
    [
        Ddim, Ddpm, Pndm, Lms, Euler, EulerAncestral, Heun, Dpm2, Dpm2Ancestral,
        DpmPlusPlus2M, DpmPlusPlus2MSde, DpmPlusPlus2S, Deis, UniPc, Lcm, Tcd,
    ];
}
