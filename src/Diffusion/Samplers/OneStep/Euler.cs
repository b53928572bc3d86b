using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// Euler's method on the probability-flow ODE: Karras et al., arXiv:2206.00364, algorithm 2 without churn.
/// x' = x + (sigma' - sigma) * (x - x0) / sigma.
/// </summary>
internal sealed class Euler : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        InclusivePlan.Of(request, request.NamedEnd);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            LinearStep.Towards(run.X, run.Denoised, schedule.Sigmas[i], schedule.Targets[i]);
        }
    }
}
