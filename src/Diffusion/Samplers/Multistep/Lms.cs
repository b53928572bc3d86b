using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.Multistep;

/// <summary>
/// Linear multistep (Adams-Bashforth) of fourth order on uneven steps: k-diffusion's sample_lms. With d_i = (x_i - x0_i) / sigma_i,
/// x_{i+1} = x_i + sum over k of c_k d_{i-k}, c_k being the integral from sigma_i to sigma_{i+1} of the k-th Lagrange polynomial
/// through the last four levels.
/// </summary>
internal sealed class Lms : ISampler
{
    private const int MaxOrder = 4;

    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        InclusivePlan.Of(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        float[][] slopes = [run.NewBuffer(), run.NewBuffer(), run.NewBuffer(), run.NewBuffer()];
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            History.Shift(slopes);
            LinearStep.Slope(run.X, run.Denoised, schedule.Sigmas[i], slopes[0]);
            var order = Math.Min(i - schedule.Start + 1, MaxOrder);
            for (var k = 0; k < order; k++)
            {
                LinearStep.Add(run.X, slopes[k], Weight(schedule.Sigmas, i, order, k));
            }
        }
    }

    /// <summary>Gauss-Legendre quadrature at two points, which is exact for the cubic polynomials of order four.</summary>
    private static double Weight(float[] sigmas, int i, int order, int k)
    {
        var (half, middle) = ((sigmas[i + 1] - (double)sigmas[i]) / 2, (sigmas[i + 1] + (double)sigmas[i]) / 2);
        var offset = half / Math.Sqrt(3);
        return half * (Lagrange(sigmas, i, order, k, middle - offset) + Lagrange(sigmas, i, order, k, middle + offset));
    }

    private static double Lagrange(float[] sigmas, int i, int order, int k, double at)
    {
        var product = 1.0;
        for (var j = 0; j < order; j++)
        {
            product *= j == k ? 1 : (at - sigmas[i - j]) / ((double)sigmas[i - k] - sigmas[i - j]);
        }

        return product;
    }
}
