using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>
/// SDE-DPM-Solver++(2M): Lu et al., arXiv:2211.01095, appendix on stochastic solvers, on the variance-exploding path (alpha = 1).
/// h, r and D1 as in <see cref="DpmPlusPlus2M"/>.
/// <code>
/// k = exp(-h) = sigma_{i+1} / sigma_i
/// x_{i+1} = k^2 x_i + (1 - k^2) x0_i + w D1 + sigma_{i+1} sqrt(1 - k^2) noise          w as in <see cref="DpmPlusPlus.Curvature"/> of 2h
/// </code>
/// </summary>
internal sealed class DpmPlusPlus2MSde : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        ExclusivePlan.Of(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var (previous, room) = (run.NewBuffer(), run.NewBuffer());
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = ((double)schedule.Sigmas[i], (double)schedule.Targets[i]);
            LinearStep.Towards(run.X, run.Denoised, from * from, to * to);
            if (i > schedule.Start && from > to && !DpmPlusPlus.EndsPlainly(run, i))
            {
                var h = Math.Log(from / to);
                var weight = DpmPlusPlus.Curvature(2 * h, run.Trained.Config) * h / Math.Log(schedule.Sigmas[i - 1] / from);
                LinearStep.Add(run.X, run.Denoised, weight);
                LinearStep.Add(run.X, previous, -weight);
            }

            LinearStep.AddNoise(run, room, to * Math.Sqrt(1 - (to * to / (from * from))));
            run.Denoised.CopyTo(previous, 0);
        }
    }
}
