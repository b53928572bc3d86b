using System.Numerics.Tensors;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>
/// DPM-Solver++(2M): Lu et al., arXiv:2211.01095, algorithm 2, on the variance-exploding path (alpha = 1).
/// <code>
/// lambda_i = -log(sigma_i)          h = lambda_{i+1} - lambda_i      h_last = lambda_i - lambda_{i-1}      r = h_last / h
/// D = (1 + 1/(2r)) x0_i - 1/(2r) x0_{i-1}                            x_{i+1} = sigma_{i+1}/sigma_i x_i - (exp(-h) - 1) D
/// </code>
/// The first step, and the last one to sigma zero, have D = x0_i.
/// </summary>
internal sealed class DpmPlusPlus2M : ISampler
{
    // Below this many steps the last one is of first order, which the paper's authors found more stable.
    private const int FewSteps = 15;

    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request)
    {
        var (trained, config, _, steps, _) = request;
        var timesteps = Spacing.Exclusive(config.TimestepSpacing ?? "linspace", trained.Timesteps, steps, config.StepsOffset);
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(trained.SmallestSigma, trained.LargestSigma, steps);
            timesteps = [.. sigmas.Select(sigma => Math.Round(trained.TimestepAt(sigma)))];
        }

        return NoiseSchedule.Through(
            [.. timesteps.Select(t => (float)t)],
            [.. sigmas.Select(sigma => (float)sigma), config.EndsAtSmallestSigma ? trained.SmallestSigma : 0],
            NoiseSchedule.Deviation((float)sigmas[0]));
    }

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var (previous, d) = (run.NewBuffer(), run.NewBuffer());
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            var isLast = i == schedule.Steps - 1;
            if (i == schedule.Start || (isLast && (to == 0 || schedule.Steps < FewSteps)))
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
            }
            else
            {
                var r = Math.Log(schedule.Sigmas[i - 1] / (double)from) / Math.Log(from / (double)to);
                TensorPrimitives.Multiply(run.Denoised, (float)(1 + (1 / (2 * r))), d);
                TensorPrimitives.MultiplyAdd(previous, (float)(-1 / (2 * r)), d, d);
                LinearStep.Towards(run.X, d, from, to);
            }

            run.Denoised.CopyTo(previous, 0);
        }
    }
}
