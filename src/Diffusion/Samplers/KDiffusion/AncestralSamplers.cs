namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// Samplers that step below the next noise level, to sigma_down, and come back up to it with fresh noise of sigma_up:
/// sigma_down^2 + sigma_up^2 = sigma_{i+1}^2, split by eta. Their last step, to zero, is Euler's.
/// </summary>
internal static class AncestralSamplers
{
    /// <summary>The midpoint rule to sigma_down, with the middle at the geometric mean: DPM-Solver-2, arXiv:2206.00927.</summary>
    public static IEnumerable<Evaluation> Dpm2(SamplerRun run)
    {
        var (sigmas, middle) = (run.Schedule.Sigmas, run.NewBuffer());
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            var from = (double)sigmas[i];
            yield return run.Evaluate(run.X, from, i);
            var (down, up) = LinearStep.Split(from, sigmas[i + 1], run.Options.Eta);
            if (down == 0)
            {
                LinearStep.Towards(run.X, run.Denoised, from, down);
            }
            else
            {
                var between = Math.Sqrt(from * down);
                LinearStep.Towards(run.X, run.Denoised, from, between, middle);
                yield return run.Evaluate(middle, between, i);
                LinearStep.Along(run.X, middle, run.Denoised, between, down - from);
            }

            LinearStep.AddNoise(run, middle, up);
        }
    }

    /// <summary>DPM-Solver++(2S), arXiv:2211.01095, algorithm 1 with r = 1/2, to sigma_down.</summary>
    public static IEnumerable<Evaluation> DpmPlusPlus2S(SamplerRun run)
    {
        var (sigmas, middle) = (run.Schedule.Sigmas, run.NewBuffer());
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            var from = (double)sigmas[i];
            yield return run.Evaluate(run.X, from, i);
            var (down, up) = LinearStep.Split(from, sigmas[i + 1], run.Options.Eta);
            if (down > 0)
            {
                var between = Math.Sqrt(from * down);
                LinearStep.Towards(run.X, run.Denoised, from, between, middle);
                yield return run.Evaluate(middle, between, i);
            }

            LinearStep.Towards(run.X, run.Denoised, from, down);
            LinearStep.AddNoise(run, middle, up);
        }
    }

    /// <summary>
    /// DPM-Solver++(S) with noise in both its stages, r = 1/2: k-diffusion's sample_dpmpp_sde. With r = 1/2 the second stage weighs
    /// only the picture seen in the middle.
    /// </summary>
    public static IEnumerable<Evaluation> DpmPlusPlusSde(SamplerRun run)
    {
        var (sigmas, middle, room) = (run.Schedule.Sigmas, run.NewBuffer(), run.NewBuffer());
        for (var i = run.Schedule.Start; i < run.Schedule.Steps; i++)
        {
            var (from, to) = ((double)sigmas[i], (double)sigmas[i + 1]);
            yield return run.Evaluate(run.X, from, i);
            var (down, up) = LinearStep.Split(from, to, run.Options.Eta);
            if (to > 0)
            {
                var between = Math.Sqrt(from * to);
                var (middleDown, middleUp) = LinearStep.Split(from, between, run.Options.Eta);
                LinearStep.Towards(run.X, run.Denoised, from, middleDown, middle);
                LinearStep.AddNoise(run, middle, room, middleUp);
                yield return run.Evaluate(middle, between, i);
            }

            LinearStep.Towards(run.X, run.Denoised, from, down);
            LinearStep.AddNoise(run, room, up);
        }
    }
}
