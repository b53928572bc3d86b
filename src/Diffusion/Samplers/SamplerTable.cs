using RenderFarm.Diffusion.Samplers.Consistency;
using RenderFarm.Diffusion.Samplers.KDiffusion;
using RenderFarm.Diffusion.Samplers.Multistep;
using RenderFarm.Diffusion.Samplers.OneStep;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>The samplers behind their names.</summary>
internal static class SamplerTable
{
    private static readonly Dictionary<string, ISampler> ByName = new(StringComparer.Ordinal)
    {
        [SamplerNames.Ddim] = new Ddim(),
        [SamplerNames.Ddpm] = new Ddpm(),
        [SamplerNames.Pndm] = new Pndm(),
        [SamplerNames.Lms] = new Lms(),
        [SamplerNames.Euler] = new Euler(),
        [SamplerNames.EulerAncestral] = new EulerAncestral(),
        [SamplerNames.Heun] = new Heun(),
        [SamplerNames.Dpm2] = new Dpm2(),
        [SamplerNames.Dpm2Ancestral] = new Dpm2Ancestral(),
        [SamplerNames.DpmPlusPlus2M] = new DpmPlusPlus2M(),
        [SamplerNames.DpmPlusPlus2MSde] = new DpmPlusPlus2MSde(),
        [SamplerNames.DpmPlusPlus2S] = new DpmPlusPlus2S(),
        [SamplerNames.Deis] = new Deis(),
        [SamplerNames.UniPc] = new UniPc(),
        [SamplerNames.Lcm] = new Lcm(),
        [SamplerNames.Tcd] = new Tcd(),
    };

    public static IReadOnlyList<string> Names { get; } = [.. SamplerNames.All, .. WebuiSamplerNames.All];

    public static ISampler Named(string name) => ByName.TryGetValue(name, out var sampler) ? sampler : WebuiSamplers.ByName[name];
}
