using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// Song et al., arXiv:2010.02502, equation 12. With x = x_t / sqrt(alpha_t) and sigma = sqrt((1 - alpha_t) / alpha_t), alpha_t being
/// the paper's cumulative product, equation 12 is Euler's step, and sigma_t(eta) of equation 16 is ancestral noise with that eta.
/// </summary>
internal sealed class Ddim : ISampler
{
    public bool TakesEta => true;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        WholePlan.Strided(request, request.Config.SetAlphaToOne == false ? request.Trained.SmallestSigma : 0);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        var eta = run.Options.Eta;
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            if (eta > 0)
            {
                LinearStep.Ancestral(run, room, from, to, eta);
            }
            else
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
            }

            LinearStep.Reread(run.X, to, schedule.Sigmas[i + 1]);
        }
    }
}
