using System.Numerics.Tensors;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Consistency;

/// <summary>
/// Latent consistency models: Luo et al., arXiv:2310.04378, algorithm 3, the multistep consistency sampling of Song et al.,
/// arXiv:2303.01469. Each step goes to the picture and back up with fresh noise: x' = f(x, t) + sigma' noise. The consistency function
/// keeps its boundary condition by f(x, t) = c_skip(t) x / sqrt(sigma^2 + 1) + c_out(t) x0, with s = t * timestep_scaling and
/// c_skip = d^2 / (s^2 + d^2), c_out = s / sqrt(s^2 + d^2), d = 0.5 the deviation of the data.
/// </summary>
internal sealed class Lcm : ISampler
{
    private const double DataVariance = 0.25;

    public bool TakesEta => false;

    public int MaxSteps(SchedulerConfig config) => config.OriginalSteps;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        DistilledPlan.Of(request, end: 0);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var scaled = schedule.Timesteps[i] * run.Trained.Config.TimestepScaling;
            var sum = (scaled * scaled) + DataVariance;
            TensorPrimitives.Multiply(run.X, (float)(DataVariance / sum) / NoiseSchedule.Deviation(schedule.Sigmas[i]), run.X);
            LinearStep.Add(run.X, run.Denoised, scaled / Math.Sqrt(sum));
            if (i < schedule.Steps - 1)
            {
                LinearStep.AddNoise(run, room, schedule.Targets[i]);
            }
        }
    }
}
