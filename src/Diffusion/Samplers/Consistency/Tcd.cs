using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Consistency;

/// <summary>
/// Trajectory consistency distillation: Zheng et al., arXiv:2402.19159, algorithm 4 (strategic stochastic sampling). Each step from t to
/// t' goes down to s = floor((1 - gamma) t') along the trajectory, and from there up to t' with fresh noise:
/// <code>
/// x_s = x + (sigma_s - sigma_t) (x - x0) / sigma_t          x' = x_s + sqrt(sigma_t'^2 - sigma_s^2) noise
/// </code>
/// The request's eta is the paper's gamma: 0 is deterministic, 1 is like <see cref="Lcm"/>.
/// </summary>
internal sealed class Tcd : ISampler
{
    public bool TakesEta => true;

    public double DefaultEta => 0.3;

    public int MaxSteps(SchedulerConfig config) => config.OriginalSteps;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        DistilledPlan.Of(request, request.Trained.SmallestSigma);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        var gamma = run.Options.Eta;
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            if (i == schedule.Steps - 1 || gamma == 0)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
                continue;
            }

            var low = Math.Min(to, run.Trained.SigmaAt(MathF.Floor((1 - gamma) * schedule.Timesteps[i + 1])));
            LinearStep.Towards(run.X, run.Denoised, from, low);
            LinearStep.AddNoise(run, room, Math.Sqrt((to * (double)to) - (low * low)));
        }
    }
}
