using System.Numerics.Tensors;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Samplers;
using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Tests.Schedules.Webui;

namespace RenderFarm.Diffusion.Tests.Samplers.KDiffusion;

/// <summary>Runs of samplers on a denoiser that is a formula, the one of the golden file.</summary>
internal static class Runs
{
    /// <summary>From noise at the first of the levels.</summary>
    public static SamplerRun New(float[] sigmas, INoiseSource noise, SamplerOptions options, int size = 64)
    {
        var schedule = NoiseSchedule.Through([.. sigmas[..^1].Select(sigma => (float)WebuiSchedulesTests.Trained.TimestepAt(sigma))], sigmas, sigmas[0]);
        var x = new float[size];
        noise.FillNormal(x);
        TensorPrimitives.Multiply(x, schedule.InitialScale, x);
        return new SamplerRun(WebuiSchedulesTests.Trained, schedule, x, noise, options);
    }

    /// <summary>Answers all that the sampler asks; the number of its questions.</summary>
    public static int Finish(SamplerRun run, ISampler sampler)
    {
        var calls = 0;
        foreach (var asked in sampler.Sample(run))
        {
            Assert.InRange(asked.Step, run.Schedule.Start, run.Schedule.Steps - 1);
            Denoise(asked, run.Denoised);
            calls++;
        }

        return calls;
    }

    /// <summary>x / (1 + s^2) + 0.05 tanh(x) s / (1 + s).</summary>
    public static void Denoise(Evaluation asked, float[] denoised)
    {
        var sigma = asked.Sigma;
        for (var i = 0; i < denoised.Length; i++)
        {
            denoised[i] = (asked.X[i] / (1 + (sigma * sigma))) + (0.05f * MathF.Tanh(asked.X[i]) * sigma / (1 + sigma));
        }
    }
}
