using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>Euler with fresh noise at every step, on Euler's schedule: k-diffusion's sample_euler_ancestral with eta = 1.</summary>
internal sealed class EulerAncestral : ISampler
{
    private static readonly Euler Deterministic = new();

    public bool TakesEta => false;

    public NoiseSchedule Plan(TrainedNoise trained, SchedulerConfig config, bool karras, int steps) =>
        Deterministic.Plan(trained, config, karras, steps);

    public void Step(NoiseSchedule schedule, int i, Span<float> x, ReadOnlySpan<float> denoised, SamplerState state) =>
        LinearStep.Ancestral(x, denoised, schedule.Sigmas[i], schedule.Targets[i], state, eta: 1);
}
