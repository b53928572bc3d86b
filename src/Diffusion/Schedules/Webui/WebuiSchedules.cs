using MathNet.Numerics.Distributions;

namespace RenderFarm.Diffusion.Schedules.Webui;

/// <summary>The noise levels of stable-diffusion-webui's schedules, from noise to image, by the labels that it gives them.</summary>
internal static class WebuiSchedules
{
    // The shape that webui's settings have for the beta schedule where nobody changed them.
    private const double BetaShape = 0.6;

    // Sabour et al., arXiv:2404.14507: the levels at which the fewest steps serve these models best.
    private static readonly double[] AlignedForSd1 = [14.615, 6.475, 3.861, 2.697, 1.886, 1.396, 0.963, 0.652, 0.399, 0.152, 0.029];
    private static readonly double[] AlignedForSdxl = [14.615, 6.315, 3.771, 2.181, 1.342, 0.862, 0.555, 0.380, 0.234, 0.113, 0.029];

    /// <summary>The levels at the start of each step and at the end, which is zero but for "KL Optimal". "DDIM" may take more steps than asked for.</summary>
    public static double[] Sigmas(string name, int steps, TrainedNoise trained, bool isSdxl)
    {
        var (smallest, largest) = ((double)trained.SmallestSigma, (double)trained.LargestSigma);
        return name switch
        {
            WebuiScheduleNames.Uniform or WebuiScheduleNames.Normal => [.. EvenTimesteps(trained, steps, steps), 0],
            WebuiScheduleNames.SgmUniform => [.. EvenTimesteps(trained, steps, steps + 1), 0],
            WebuiScheduleNames.Karras => [.. KarrasSchedule.Sigmas(smallest, largest, steps), 0],

            // With webui's rho of 1 the polynomial in log sigma is the line.
            WebuiScheduleNames.Exponential or WebuiScheduleNames.Polyexponential => [.. Shares(steps).Select(share => largest * Math.Pow(smallest / largest, share)), 0],
            WebuiScheduleNames.KlOptimal => [.. Shares(steps + 1).Select(share => Math.Tan(((1 - share) * Math.Atan(largest)) + (share * Math.Atan(smallest))))],
            WebuiScheduleNames.AlignYourSteps => [.. Aligned(isSdxl ? AlignedForSdxl : AlignedForSd1, steps), 0],
            WebuiScheduleNames.Simple => [.. Enumerable.Range(0, steps).Select(i => trained.SigmaAt(trained.Timesteps - 1 - (int)(i * ((double)trained.Timesteps / steps)))), 0],
            WebuiScheduleNames.Ddim => [.. Strided(trained, Math.Max(trained.Timesteps / steps, 1)), 0],

            // Lee et al., arXiv:2407.12173: quantiles of the beta distribution, which webui takes for shares of sigma instead of time.
            WebuiScheduleNames.Beta => [.. Shares(steps).Select(share => smallest + (Beta.InvCDF(BetaShape, BetaShape, 1 - share) * (largest - smallest))), 0],
            _ => throw new InvalidOperationException($"The schedule '{name}' passed the request's check."),
        };
    }

    /// <summary>0 to 1 in even strides.</summary>
    private static IEnumerable<double> Shares(int count) => Enumerable.Range(0, count).Select(i => count > 1 ? (double)i / (count - 1) : 0);

    /// <summary>The first of so many timesteps that lie evenly between the last trained one and the first.</summary>
    private static IEnumerable<double> EvenTimesteps(TrainedNoise trained, int steps, int count) =>
        Shares(count).Take(steps).Select(share => GeometricSigma(trained, (1 - share) * (trained.Timesteps - 1)));

    /// <summary>The noise level at a timestep, linear in log sigma between the trained ones as in k-diffusion.</summary>
    private static double GeometricSigma(TrainedNoise trained, double timestep)
    {
        var low = Math.Floor(timestep);
        var (from, to) = (trained.SigmaAt(low), trained.SigmaAt(low + 1));
        return from * Math.Pow(to / from, timestep - low);
    }

    private static IEnumerable<double> Strided(TrainedNoise trained, int stride)
    {
        for (var t = 1 + ((trained.Timesteps - 2) / stride * stride); t > 0; t -= stride)
        {
            yield return trained.SigmaAt(t);
        }
    }

    /// <summary>So many levels on the line through the table's logarithms; a single one is the last.</summary>
    private static IEnumerable<double> Aligned(double[] table, int steps)
    {
        for (var i = 0; i < steps; i++)
        {
            var at = steps > 1 ? (double)i / (steps - 1) * (table.Length - 1) : table.Length - 1;
            var low = Math.Min((int)at, table.Length - 2);
            yield return table[low] * Math.Pow(table[low + 1] / table[low], at - low);
        }
    }
}
