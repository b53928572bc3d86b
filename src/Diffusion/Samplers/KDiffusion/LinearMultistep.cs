using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// The Adams-Bashforth method of up to fourth order on uneven steps: the last slopes d = (x - x0) / sigma are interpolated by a
/// polynomial in sigma, which is integrated from one level to the next. k-diffusion's sample_lms.
/// </summary>
internal static class LinearMultistep
{
    private const int MostOrder = 4;

    // Where and how the Gauss-Legendre rule of two nodes reads [-1, 1]: exact for cubics, which these polynomials at most are.
    private static readonly double Node = 1 / Math.Sqrt(3);

    public static IEnumerable<Evaluation> Lms(SamplerRun run)
    {
        var (sigmas, start) = (run.Schedule.Sigmas, run.Schedule.Start);
        float[][] slopes = [run.NewBuffer(), run.NewBuffer(), run.NewBuffer(), run.NewBuffer()];
        for (var i = start; i < run.Schedule.Steps; i++)
        {
            yield return run.Evaluate(run.X, sigmas[i], i);
            var slope = slopes[i % MostOrder];
            TensorPrimitives.Subtract(run.X, run.Denoised, slope);
            TensorPrimitives.Divide(slope, sigmas[i], slope);
            var order = Math.Min(i - start + 1, MostOrder);
            for (var j = 0; j < order; j++)
            {
                TensorPrimitives.MultiplyAdd(slopes[(i - j) % MostOrder], (float)Weight(sigmas, i, j, order), run.X, run.X);
            }
        }
    }

    /// <summary>The integral from sigma_i to sigma_{i+1} of the Lagrange polynomial that is 1 at sigma_{i-j} and 0 at the other levels.</summary>
    private static double Weight(float[] sigmas, int i, int j, int order)
    {
        var (middle, half) = ((sigmas[i + 1] + (double)sigmas[i]) / 2, (sigmas[i + 1] - (double)sigmas[i]) / 2);
        return half * (Lagrange(sigmas, i, j, order, middle - (half * Node)) + Lagrange(sigmas, i, j, order, middle + (half * Node)));
    }

    private static double Lagrange(float[] sigmas, int i, int j, int order, double sigma)
    {
        var product = 1.0;
        for (var k = 0; k < order; k++)
        {
            product *= k == j ? 1 : (sigma - sigmas[i - k]) / ((double)sigmas[i - j] - sigmas[i - k]);
        }

        return product;
    }
}
