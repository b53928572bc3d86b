using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>
/// DEIS: Zhang and Chen, arXiv:2204.13902, the rho-AB method of second order. With rho = sigma and e = (x - x0) / sigma, the noise e
/// is taken to be linear in log rho between the last two steps:
/// <code>
/// x_{i+1} = x_i + c_0 e_i + c_1 e_{i-1}          c_0 = integral from rho_i to rho_{i+1} of log(rho / rho_{i-1}) / log(rho_i / rho_{i-1})
///                                                c_1 = the same with rho_i and rho_{i-1} exchanged
/// </code>
/// The first step is Euler's, as is the last where there are few.
/// </summary>
internal sealed class Deis : ISampler
{
    private const int FewSteps = 15;

    public bool TakesEta => false;

    // log rho has no value at zero, so the end is the smallest level there is; of a single Karras step that is its own.
    public NoiseSchedule Plan(ScheduleRequest request) =>
        ExclusivePlan.Of(request, request.Config.TimestepSpacing ?? "linspace", request is { IsKarras: true, Steps: 1 } ? request.Trained.LargestSigma : request.Trained.SmallestSigma);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var (slope, previous) = (run.NewBuffer(), run.NewBuffer());
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            LinearStep.Slope(run.X, run.Denoised, from, slope);
            if (i == schedule.Start || (i == schedule.Steps - 1 && schedule.Steps < FewSteps))
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
            }
            else
            {
                var before = schedule.Sigmas[i - 1];
                LinearStep.Add(run.X, slope, Weight(from, to, one: from, zero: before));
                LinearStep.Add(run.X, previous, Weight(from, to, one: before, zero: from));
            }

            (slope, previous) = (previous, slope);
        }
    }

    /// <summary>The integral of the line in log rho that is 1 at "one" and 0 at "zero".</summary>
    private static double Weight(double from, double to, double one, double zero)
    {
        return Integral(to) - Integral(from);

        double Integral(double rho) => rho * (Math.Log(rho / zero) - 1) / Math.Log(one / zero);
    }
}
