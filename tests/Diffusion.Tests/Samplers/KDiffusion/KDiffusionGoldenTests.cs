using System.Text.Json;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Samplers.KDiffusion;

namespace RenderFarm.Diffusion.Tests.Samplers.KDiffusion;

public sealed class KDiffusionGoldenTests
{
    private const string File = "kdiffusion.json";

    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal)
    {
        ["euler"] = WebuiSamplerNames.Euler,
        ["euler_ancestral"] = WebuiSamplerNames.EulerAncestral,
        ["heun"] = WebuiSamplerNames.Heun,
        ["lms"] = WebuiSamplerNames.Lms,
        ["dpm_2"] = WebuiSamplerNames.Dpm2,
        ["dpm_2_ancestral"] = WebuiSamplerNames.Dpm2Ancestral,
        ["dpmpp_2s_ancestral"] = WebuiSamplerNames.DpmPlusPlus2SAncestral,
        ["dpmpp_sde"] = WebuiSamplerNames.DpmPlusPlusSde,
        ["dpmpp_2m"] = WebuiSamplerNames.DpmPlusPlus2M,
        ["dpmpp_2m_sde"] = WebuiSamplerNames.DpmPlusPlus2MSde,
        ["dpmpp_3m_sde"] = WebuiSamplerNames.DpmPlusPlus3MSde,
        ["dpm_fast"] = WebuiSamplerNames.DpmFast,
        ["dpm_adaptive"] = WebuiSamplerNames.DpmAdaptive,
    };

    public static IEnumerable<TheoryDataRow<int, string>> Goldens() =>
        GoldenRows.Of(File, _ => true, golden => $"{golden.GetProperty("sampler")} {golden.GetProperty("steps")} {golden.GetProperty("schedule")}");

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Finals_and_model_calls_equal_the_reference(int index, string name)
    {
        if (!GoldenRows.TryGet(File, index, out var golden))
        {
            return;
        }

        var sigmas = Floats(golden.GetProperty("sigmas"));
        var final = Floats(golden.GetProperty("final"));
        var sampler = golden.GetProperty("sampler").GetString()!;

        // k-diffusion's own defaults: 1, but 0 for DPM-Solver.
        var eta = sampler is "dpm_fast" or "dpm_adaptive" ? 0 : 1;
        var run = Runs.New(sigmas, new TorchRandom(golden.GetProperty("seed").GetInt64()), new SamplerOptions { Eta = eta }, final.Length);
        var calls = Runs.Finish(run, WebuiSamplers.ByName[Names[sampler]]);

        Assert.Equal(golden.GetProperty("model_calls").GetInt32(), calls);
        Assert.True(Differences.Largest(final, run.X) <= 1e-4 * Differences.LargestOf(final), name);
    }

    private static float[] Floats(JsonElement array) => [.. array.EnumerateArray().Select(value => value.GetSingle())];
}
