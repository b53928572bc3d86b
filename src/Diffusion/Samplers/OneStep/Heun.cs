using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// Heun's method on the probability-flow ODE: Karras et al., arXiv:2206.00364, algorithm 1. With d(x, sigma) = (x - x0) / sigma,
/// <code>
/// x* = x + (sigma' - sigma) d(x, sigma)          x' = x + (sigma' - sigma) (d(x, sigma) + d(x*, sigma')) / 2
/// </code>
/// The step to sigma zero, where d has no value, is Euler's.
/// </summary>
internal sealed class Heun : ISampler
{
    public bool TakesEta => false;

    public int EvaluationsPerStep => 2;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        InclusivePlan.Of(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var (ahead, slope, slopeAhead) = (run.NewBuffer(), run.NewBuffer(), run.NewBuffer());
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            // 1. d at the start of the step.
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            if (i == schedule.Steps - 1)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
                yield break;
            }

            LinearStep.Slope(run.X, run.Denoised, from, slope);
            LinearStep.Towards(run.X, run.Denoised, from, to, ahead);

            // 2. d at its end.
            yield return new Evaluation(ahead, to, schedule.Timesteps[i + 1], i);
            LinearStep.Slope(ahead, run.Denoised, to, slopeAhead);

            // 3. The mean of both leads there.
            LinearStep.Add(run.X, slope, ((double)to - from) / 2);
            LinearStep.Add(run.X, slopeAhead, ((double)to - from) / 2);
        }
    }
}
