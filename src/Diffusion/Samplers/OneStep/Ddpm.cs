using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// Ho et al., arXiv:2006.11239, equations 6 and 7: the posterior q(x_{t-1} | x_t, x0) with its own variance, the smaller of the
/// paper's two choices. On x = x_t / sqrt(alpha_t) its mean and variance are those of ancestral sampling with eta = 1:
/// mean = x0 + (to / from)^2 (x - x0), variance = to^2 (from^2 - to^2) / from^2.
/// </summary>
internal sealed class Ddpm : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        WholePlan.Stepwise(request, end: 0);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            LinearStep.Ancestral(run, room, schedule.Sigmas[i], schedule.Targets[i], eta: 1);
        }
    }
}
