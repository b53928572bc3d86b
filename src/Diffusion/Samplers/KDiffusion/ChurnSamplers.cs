using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// The solvers of Karras et al., arXiv:2206.00364, algorithm 2, whose every step may first raise the noise ("churn").
/// <code>
/// gamma_i = min(S_churn / n, sqrt(2) - 1) where S_tmin &lt;= sigma_i &lt;= S_tmax, else 0      sigma^ = (1 + gamma_i) sigma_i
/// x^ = x + sqrt(sigma^2 - sigma_i^2) S_noise * noise                                        d = (x^ - x0) / sigma^
/// </code>
/// </summary>
internal static class ChurnSamplers
{
    private static readonly double MostGamma = Math.Sqrt(2) - 1;

    /// <summary>x^ + (sigma_{i+1} - sigma^) d.</summary>
    public static IEnumerable<Evaluation> Euler(SamplerRun run)
    {
        var (sigmas, room) = (run.Schedule.Sigmas, run.NewBuffer());
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            var from = Churn(run, i, room);
            yield return run.Evaluate(run.X, from, i);
            LinearStep.Towards(run.X, run.Denoised, from, sigmas[i + 1]);
        }
    }

    /// <summary>The trapezoidal rule: Euler's step with the mean of the slopes at both its ends. The last step, to zero, is Euler's.</summary>
    public static IEnumerable<Evaluation> Heun(SamplerRun run)
    {
        var (sigmas, end) = (run.Schedule.Sigmas, run.NewBuffer());
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            var (from, to) = (Churn(run, i, end), (double)sigmas[i + 1]);
            yield return run.Evaluate(run.X, from, i);
            if (to == 0)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
                continue;
            }

            LinearStep.Towards(run.X, run.Denoised, from, to, end);
            yield return run.Evaluate(end, to, i);
            FinishHeun(run, end, from, to);
        }
    }

    /// <summary>The midpoint rule, with the middle at the geometric mean: DPM-Solver-2, Lu et al., arXiv:2206.00927. The last step, to zero, is Euler's.</summary>
    public static IEnumerable<Evaluation> Dpm2(SamplerRun run)
    {
        var (sigmas, middle) = (run.Schedule.Sigmas, run.NewBuffer());
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            var (from, to) = (Churn(run, i, middle), (double)sigmas[i + 1]);
            yield return run.Evaluate(run.X, from, i);
            if (to == 0)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
                continue;
            }

            var between = Math.Sqrt(from * to);
            LinearStep.Towards(run.X, run.Denoised, from, between, middle);
            yield return run.Evaluate(middle, between, i);
            LinearStep.Along(run.X, middle, run.Denoised, between, to - from);
        }
    }

    /// <summary>
    /// Makes x + h (d + d') / 2, where end = x + h d and d' is its own slope: the mean of x and of end taken on by h d'.
    /// </summary>
    internal static void FinishHeun(SamplerRun run, float[] end, double from, double to)
    {
        LinearStep.Towards(end, run.Denoised, to, to + (to - from));
        TensorPrimitives.Add(run.X, end, run.X);
        TensorPrimitives.Multiply(run.X, 0.5f, run.X);
    }

    /// <summary>Raises the noise of x where asked, and says to which level.</summary>
    private static double Churn(SamplerRun run, int i, float[] room)
    {
        var (sigma, options) = ((double)run.Schedule.Sigmas[i], run.Options);
        var gamma = sigma >= options.Churn.From && sigma <= options.Churn.To
            ? Math.Min(options.Churn.Amount / (run.Schedule.Steps - run.Schedule.Start), MostGamma)
            : 0;
        if (gamma <= 0)
        {
            return sigma;
        }

        var raised = sigma * (1 + gamma);
        LinearStep.AddNoise(run, room, Math.Sqrt((raised * raised) - (sigma * sigma)));
        return raised;
    }
}
