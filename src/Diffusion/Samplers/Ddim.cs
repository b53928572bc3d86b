using System.Numerics.Tensors;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>
/// Song et al., arXiv:2010.02502, equation 12. With x = x_t / sqrt(alpha_t) and sigma = sqrt((1 - alpha_t) / alpha_t), alpha_t being
/// the paper's cumulative product, equation 12 is Euler's step, and sigma_t(eta) of equation 16 is ancestral noise with that eta.
/// </summary>
internal sealed class Ddim : ISampler
{
    public bool TakesEta => true;

    public NoiseSchedule Plan(ScheduleRequest request)
    {
        var (trained, config, _, steps, _) = request;
        var timesteps = Spacing.Inclusive(config.TimestepSpacing ?? "leading", trained.Timesteps, steps, config.StepsOffset)
            .Select(t => Math.Round(t)).ToArray();
        var end = config.SetAlphaToOne == false ? trained.SmallestSigma : 0;
        var sigmas = timesteps.Select(trained.SigmaAt).ToArray();
        var targets = timesteps.Select(t => t - (trained.Timesteps / steps)).Select(t => t < 0 ? end : trained.SigmaAt(t)).ToArray();
        if (request.IsKarras)
        {
            sigmas = KarrasSchedule.Sigmas(sigmas[^1], sigmas[0], steps);
            timesteps = [.. sigmas.Select(trained.TimestepAt)];
            targets = [.. sigmas[1..], end];
        }

        return new NoiseSchedule
        {
            Timesteps = [.. timesteps.Select(t => (float)t)],
            Sigmas = [.. sigmas.Append(targets[^1]).Select(sigma => (float)sigma)],
            Targets = [.. targets.Select(sigma => (float)sigma)],
            InitialScale = NoiseSchedule.Deviation((float)sigmas[0]),
        };
    }

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to, next) = (schedule.Sigmas[i], schedule.Targets[i], schedule.Sigmas[i + 1]);
            if (run.Options.Eta > 0)
            {
                LinearStep.Ancestral(run, room, from, to, run.Options.Eta);
            }
            else
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
            }

            if (next != to)
            {
                // x_t stays as it is when the next step reads it at another timestep; only its scale here changes.
                TensorPrimitives.Multiply(run.X, NoiseSchedule.Deviation(next) / NoiseSchedule.Deviation(to), run.X);
            }
        }
    }
}
