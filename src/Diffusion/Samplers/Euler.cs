using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>
/// Euler's method on the probability-flow ODE: Karras et al., arXiv:2206.00364, algorithm 2 without churn.
/// x' = x + (sigma' - sigma) * (x - x0) / sigma.
/// </summary>
internal sealed class Euler : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request)
    {
        var (trained, config, _, steps, _) = request;
        var spacing = config.TimestepSpacing ?? "linspace";
        var timesteps = Spacing.Inclusive(spacing, trained.Timesteps, steps, config.StepsOffset);
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(sigmas[^1], sigmas[0], steps);
            timesteps = [.. sigmas.Select(trained.TimestepAt)];
        }

        // "leading" does not start at pure noise, so the start also holds the data's own variance.
        var largest = (float)sigmas[0];
        return NoiseSchedule.Through(
            [.. timesteps.Select(t => (float)t)],
            [.. sigmas.Select(sigma => (float)sigma), config.EndsAtSmallestSigma ? trained.SmallestSigma : 0],
            spacing == "leading" ? NoiseSchedule.Deviation(largest) : largest);
    }

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
