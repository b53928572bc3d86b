using RenderFarm.Diffusion.Samplers.KDiffusion;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>The samplers behind their names.</summary>
internal static class SamplerTable
{
    private static readonly Dictionary<string, ISampler> ByName = new(StringComparer.Ordinal)
    {
        [SamplerNames.Ddim] = new Ddim(),
        [SamplerNames.Euler] = new Euler(),
        [SamplerNames.EulerAncestral] = new EulerAncestral(),
        [SamplerNames.DpmPlusPlus2M] = new DpmPlusPlus2M(),
    };

    public static IReadOnlyList<string> Names { get; } = [.. SamplerNames.All, .. WebuiSamplerNames.All];

    public static ISampler Named(string name) => ByName.TryGetValue(name, out var sampler) ? sampler : WebuiSamplers.ByName[name];
}
