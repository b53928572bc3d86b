using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>
/// DPM-Solver++(2M): Lu et al., arXiv:2211.01095, algorithm 2, on the variance-exploding path (alpha = 1).
/// <code>
/// lambda_i = -log(sigma_i)          h = lambda_{i+1} - lambda_i      r = (lambda_i - lambda_{i-1}) / h      D1 = (x0_i - x0_{i-1}) / r
/// x_{i+1} = sigma_{i+1}/sigma_i x_i + (1 - exp(-h)) x0_i + w D1      w as in <see cref="DpmPlusPlus.Curvature"/>
/// </code>
/// The first step, and the last one to sigma zero, have no D1.
/// </summary>
internal sealed class DpmPlusPlus2M : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        ExclusivePlan.Of(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var previous = run.NewBuffer();
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            LinearStep.Towards(run.X, run.Denoised, from, to);
            if (i > schedule.Start && from > to && !DpmPlusPlus.EndsPlainly(run, i))
            {
                var h = Math.Log(from / (double)to);
                var weight = DpmPlusPlus.Curvature(h, run.Trained.Config) * h / Math.Log(schedule.Sigmas[i - 1] / (double)from);
                LinearStep.Add(run.X, run.Denoised, weight);
                LinearStep.Add(run.X, previous, -weight);
            }

            run.Denoised.CopyTo(previous, 0);
        }
    }
}
