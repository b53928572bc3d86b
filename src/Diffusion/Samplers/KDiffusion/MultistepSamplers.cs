namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// DPM-Solver++, arXiv:2211.01095, in its multistep forms with x0 prediction on the variance-exploding path, and their SDE.
/// <code>
/// h = log(sigma_i / sigma_{i+1})      k = (1 + eta) h      r = h_last / h      x_{i+1} = exp(-k) x_i + (1 - exp(-k)) x0_i + corrections + noise
/// </code>
/// The noise's variance is sigma_{i+1}^2 (1 - exp(-2 eta h)); a step to zero is x0_i.
/// </summary>
internal static class MultistepSamplers
{
    /// <summary>Algorithm 2: eta = 0 and the correction (1 - exp(-h)) / (2 r) * (x0_i - x0_{i-1}).</summary>
    public static IEnumerable<Evaluation> DpmPlusPlus2M(SamplerRun run) => SecondOrder(run, eta: 0, Midpoint);

    /// <summary>The same as an SDE.</summary>
    public static IEnumerable<Evaluation> DpmPlusPlus2MSde(SamplerRun run) => SecondOrder(run, run.Options.Eta, Midpoint);

    /// <summary>With Heun's weight for the correction in place of the midpoint's: arXiv:2206.00927's phi_2.</summary>
    public static IEnumerable<Evaluation> DpmPlusPlus2MSdeHeun(SamplerRun run) => SecondOrder(run, run.Options.Eta, Phi2);

    /// <summary>Of third order: divided differences of the last three x0, weighed by phi_2 and phi_3.</summary>
    public static IEnumerable<Evaluation> DpmPlusPlus3MSde(SamplerRun run)
    {
        var (sigmas, eta) = (run.Schedule.Sigmas, run.Options.Eta);
        var (last, before, room) = (run.NewBuffer(), run.NewBuffer(), run.NewBuffer());
        var (lastH, beforeH) = (0.0, 0.0);
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            yield return run.Evaluate(run.X, sigmas[i], i);
            var h = Advance(run, i, eta);
            if (sigmas[i + 1] > 0)
            {
                var k = (1 + eta) * h;
                var (phi2, phi3) = (Phi2(k), (Phi2(k) / k) - 0.5);
                if (i >= run.Schedule.Start + 2)
                {
                    // D1 = d0 + (d0 - d1) r0 / (r0 + r1) and D2 = (d0 - d1) / (r0 + r1) with d0, d1 the slopes between the last three.
                    var (r0, r1) = (lastH / h, beforeH / h);
                    var bend = ((phi2 * r0) - phi3) / (r0 + r1);
                    AddDifference(run.X, run.Denoised, last, (phi2 + bend) / r0);
                    AddDifference(run.X, last, before, -bend / r1);
                }
                else if (i > run.Schedule.Start)
                {
                    AddDifference(run.X, run.Denoised, last, phi2 * h / lastH);
                }

                LinearStep.AddNoise(run, room, sigmas[i + 1] * Math.Sqrt(1 - Math.Exp(-2 * eta * h)));
            }

            (last, before) = (before, last);
            run.Denoised.CopyTo(last, 0);
            (lastH, beforeH) = (h, lastH);
        }
    }

    private static IEnumerable<Evaluation> SecondOrder(SamplerRun run, double eta, Func<double, double> correction)
    {
        var (sigmas, last, room) = (run.Schedule.Sigmas, run.NewBuffer(), run.NewBuffer());
        var lastH = 0.0;
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            yield return run.Evaluate(run.X, sigmas[i], i);
            var h = Advance(run, i, eta);
            if (sigmas[i + 1] > 0)
            {
                if (i > run.Schedule.Start)
                {
                    AddDifference(run.X, run.Denoised, last, correction((1 + eta) * h) * h / lastH);
                }

                LinearStep.AddNoise(run, room, sigmas[i + 1] * Math.Sqrt(1 - Math.Exp(-2 * eta * h)));
            }

            run.Denoised.CopyTo(last, 0);
            lastH = h;
        }
    }

    private static double Midpoint(double k) => (1 - Math.Exp(-k)) / 2;

    private static double Phi2(double k) => 1 - ((1 - Math.Exp(-k)) / k);

    /// <summary>Takes x on by exp(-k) x + (1 - exp(-k)) x0 and returns h.</summary>
    private static double Advance(SamplerRun run, int i, double eta)
    {
        var (from, to) = ((double)run.Schedule.Sigmas[i], (double)run.Schedule.Sigmas[i + 1]);
        LinearStep.Towards(run.X, run.Denoised, 1, Math.Pow(to / from, 1 + eta));
        return Math.Log(from / to);
    }

    private static void AddDifference(float[] x, float[] a, float[] b, double scale)
    {
        LinearStep.Add(x, a, scale);
        LinearStep.Add(x, b, -scale);
    }
}
