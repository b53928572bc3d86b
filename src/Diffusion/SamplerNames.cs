namespace RenderFarm.Diffusion;

/// <summary>The samplers by name.</summary>
public static class SamplerNames
{
    public const string Ddim = "ddim";
    public const string Euler = "euler";
    public const string EulerAncestral = "euler_a";
    public const string DpmPlusPlus2M = "dpm++2m";

    public static IReadOnlyList<string> All { get; } = [Ddim, Euler, EulerAncestral, DpmPlusPlus2M];
}
