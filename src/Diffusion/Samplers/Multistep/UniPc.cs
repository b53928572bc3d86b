using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>
/// UniPC of second order predicting x0: Zhao et al., arXiv:2302.04867, algorithms 5 to 8, on the variance-exploding path (alpha = 1).
/// Between two levels, with lambda = -log sigma, h = lambda_t - lambda_s and B = B(-h), which is -h or exp(-h) - 1:
/// <code>
/// x_t = (t/s) x_s + (1 - t/s) x0_s - B (sum of rho_k D_k)          D_k = (x0_k - x0_s) / r_k          r_k = (lambda_k - lambda_s) / h
/// </code>
/// The predictor knows the step before s (rho = 1/2). The corrector, which takes the step again when the network has seen
/// its end, knows that too (r = 1).
/// </summary>
internal sealed class UniPc : ISampler
{
    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        ExclusivePlan.Of(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var origin = run.NewBuffer();
        float[][] seen = [run.NewBuffer(), run.NewBuffer()];
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);

            // 1. Correct the step that led here. seen[0] is what its start showed.
            if (i > schedule.Start)
            {
                Correct(run, origin, seen, i);
            }

            // 2. Predict the next. seen[0] is what this step's start shows.
            History.Shift(seen);
            run.X.CopyTo(origin, 0);
            run.Denoised.CopyTo(seen[0], 0);
            Predict(run, seen, i);
        }
    }

    private static void Predict(SamplerRun run, float[][] seen, int i)
    {
        var (from, to) = (run.Schedule.Sigmas[i], run.Schedule.Targets[i]);
        LinearStep.Towards(run.X, seen[0], from, to);
        if (KnowsEarlier(run.Schedule, i))
        {
            var h = Math.Log(from / (double)to);
            var weight = -B(h, run.Trained.Config) / 2 / Ratio(run.Schedule, i, h);
            LinearStep.Add(run.X, seen[1], weight);
            LinearStep.Add(run.X, seen[0], -weight);
        }
    }

    /// <summary>Takes step i - 1 from its origin again.</summary>
    private static void Correct(SamplerRun run, ReadOnlySpan<float> origin, float[][] seen, int i)
    {
        var schedule = run.Schedule;
        var (from, to) = (schedule.Sigmas[i - 1], schedule.Sigmas[i]);
        var h = Math.Log(from / (double)to);
        var b = B(h, run.Trained.Config);
        LinearStep.Towards(origin, seen[0], from, to, run.X);
        var (earlier, here) = (0.0, 0.5);
        if (KnowsEarlier(schedule, i - 1))
        {
            // R rho = b of equation 9 for r and 1: rho_1 + rho_2 = b_1, r rho_1 + rho_2 = b_2.
            var ratio = Ratio(schedule, i - 1, h);
            var phi2 = (double.ExpM1(-h) / -h) - 1;
            var phi3 = (phi2 / -h) - 0.5;
            var (b1, b2) = (phi2 / b, 2 * phi3 / b);
            earlier = (b1 - b2) / (1 - ratio);
            here = b1 - earlier;
            LinearStep.Add(run.X, seen[1], -b * earlier / ratio);
            LinearStep.Add(run.X, seen[0], b * earlier / ratio);
        }

        LinearStep.Add(run.X, run.Denoised, -b * here);
        LinearStep.Add(run.X, seen[0], b * here);
    }

    // The last step is of first order.
    private static bool KnowsEarlier(NoiseSchedule schedule, int i) => i > schedule.Start && i < schedule.Steps - 1;

    private static double Ratio(NoiseSchedule schedule, int i, double h) => Math.Log(schedule.Sigmas[i] / (double)schedule.Sigmas[i - 1]) / h;

    private static double B(double h, SchedulerConfig config) => config.SolverType == "bh1" ? -h : double.ExpM1(-h);
}
