using RenderFarm.Diffusion.Samplers.Multistep;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// DPM-Solver++(2S): Lu et al., arXiv:2211.01095, algorithm 1, on the variance-exploding path (alpha = 1), lambda = -log sigma.
/// A solver step from s over u to t takes two of the schedule's steps: the first goes to u by Euler's method, the second
/// from s again to t with what was seen in u.
/// <code>
/// h = lambda_t - lambda_s          r = (lambda_u - lambda_s) / h          D1 = (x0_u - x0_s) / r
/// x_t = (t/s) x_s + (1 - t/s) x0_s + w D1          w as in <see cref="DpmPlusPlus.Curvature"/>
/// </code>
/// A last step by itself is of first order, and so is the last one to sigma zero.
/// </summary>
internal sealed class DpmPlusPlus2S : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        ExclusivePlan.Of(request, "linspace", request.NamedEnd);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var (origin, seen) = (run.NewBuffer(), run.NewBuffer());
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            var isFirstHalf = i % 2 == 0 || i == schedule.Start || i == schedule.Steps - 1;
            if (isFirstHalf)
            {
                run.X.CopyTo(origin, 0);
                run.Denoised.CopyTo(seen, 0);
                LinearStep.Towards(run.X, run.Denoised, from, to);
                continue;
            }

            var start = schedule.Sigmas[i - 1];
            var h = Math.Log(start / (double)to);
            var weight = DpmPlusPlus.Curvature(h, run.Trained.Config) * h / Math.Log(start / (double)from);
            LinearStep.Towards(origin, seen, start, to, run.X);
            LinearStep.Add(run.X, run.Denoised, weight);
            LinearStep.Add(run.X, seen, -weight);
        }
    }
}
