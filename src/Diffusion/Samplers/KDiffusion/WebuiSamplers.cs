using RenderFarm.Diffusion.Samplers.Multistep;
using RenderFarm.Diffusion.Samplers.OneStep;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>The samplers of stable-diffusion-webui, most from k-diffusion, under its names and with its settings for each.</summary>
internal static class WebuiSamplers
{
    private const string Karras = WebuiScheduleNames.Karras;
    private const string Exponential = WebuiScheduleNames.Exponential;

    public static IReadOnlyDictionary<string, ISampler> ByName { get; } = new Dictionary<string, ISampler>(StringComparer.Ordinal)
    {
        [WebuiSamplerNames.Euler] = new WebuiSampler(ChurnSamplers.Euler) { TakesChurn = true },
        [WebuiSamplerNames.EulerAncestral] = new WebuiSampler(new EulerAncestral().Sample) { TakesEta = true },
        [WebuiSamplerNames.Lms] = new WebuiSampler(new Lms().Sample),
        [WebuiSamplerNames.Heun] = new WebuiSampler(ChurnSamplers.Heun) { EvaluationsPerStep = 2, TakesChurn = true },
        [WebuiSamplerNames.Dpm2] = new WebuiSampler(ChurnSamplers.Dpm2) { EvaluationsPerStep = 2, Automatic = Karras, SkipsLastLevel = true, TakesChurn = true },
        [WebuiSamplerNames.Dpm2Ancestral] = new WebuiSampler(AncestralSamplers.Dpm2) { EvaluationsPerStep = 2, Automatic = Karras, SkipsLastLevel = true, TakesEta = true },
        [WebuiSamplerNames.DpmPlusPlus2SAncestral] = new WebuiSampler(AncestralSamplers.DpmPlusPlus2S) { EvaluationsPerStep = 2, Automatic = Karras, TakesEta = true },
        [WebuiSamplerNames.DpmPlusPlus2M] = new WebuiSampler(MultistepSamplers.DpmPlusPlus2M) { Automatic = Karras },
        [WebuiSamplerNames.DpmPlusPlusSde] = new WebuiSampler(AncestralSamplers.DpmPlusPlusSde) { EvaluationsPerStep = 2, Automatic = Karras, TakesEta = true },
        [WebuiSamplerNames.DpmPlusPlus2MSde] = new WebuiSampler(MultistepSamplers.DpmPlusPlus2MSde) { Automatic = Exponential, TakesEta = true },
        [WebuiSamplerNames.DpmPlusPlus2MSdeHeun] = new WebuiSampler(MultistepSamplers.DpmPlusPlus2MSdeHeun) { Automatic = Exponential, TakesEta = true },
        [WebuiSamplerNames.DpmPlusPlus3MSde] = new WebuiSampler(MultistepSamplers.DpmPlusPlus3MSde) { Automatic = Exponential, SkipsLastLevel = true, TakesEta = true },
        [WebuiSamplerNames.DpmFast] = new WebuiSampler(DpmSolver.Fast) { TakesEta = true },
        [WebuiSamplerNames.DpmAdaptive] = new WebuiSampler(DpmSolver.Adaptive) { TakesEta = true },
        [WebuiSamplerNames.Restart] = new WebuiSampler(RestartSampler.Restart) { EvaluationsPerStep = 2, Automatic = Karras },
        [WebuiSamplerNames.Ddim] = new WebuiTimestepSampler(new Ddim()),
        [WebuiSamplerNames.Plms] = new WebuiTimestepSampler(new Pndm(combinesNoise: true)),
    };
}
