using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// Restart sampling, Xu et al., arXiv:2306.14878, with webui's settings: Heun's steps, and from 20 steps on the stretch from sigma 0.1
/// up to 2 is noised anew and gone down again, once or (from 36 steps on) twice. The number of steps stays what was asked for.
/// </summary>
internal static class RestartSampler
{
    private const double RestartAt = 0.1;
    private const double RestartFrom = 2;

    public static IEnumerable<Evaluation> Restart(SamplerRun run)
    {
        var end = run.NewBuffer();
        var steps = Steps([.. run.Schedule.Sigmas[run.Schedule.Start..]]);
        var last = steps[0].From;
        for (var i = 0; i < steps.Count; i++)
        {
            var (from, to) = steps[i];
            if (from > last)
            {
                LinearStep.AddNoise(run, end, Math.Sqrt((from * from) - (last * last)));
            }

            yield return run.Evaluate(run.X, from, run.Schedule.Start + i);
            if (to == 0)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
            }
            else
            {
                LinearStep.Towards(run.X, run.Denoised, from, to, end);
                yield return run.Evaluate(end, to, run.Schedule.Start + i);
                ChurnSamplers.FinishHeun(run, end, from, to);
            }

            last = to;
        }
    }

    /// <summary>Each step's noise levels; one that starts above the end of the one before starts with noise.</summary>
    internal static List<(double From, double To)> Steps(float[] sigmas)
    {
        var count = sigmas.Length - 1;
        if (count < 20)
        {
            return [.. Pairs([.. sigmas.Select(sigma => (double)sigma)])];
        }

        var (again, times) = count >= 36 ? (count / 4, 2) : (9, 1);
        double[] levels = [.. KarrasSchedule.Sigmas(sigmas[^2], sigmas[0], count - (again * times)), 0];
        var (at, from) = (Nearest(levels, RestartAt), Nearest(levels, RestartFrom));
        var stretch = from < at ? Pairs(KarrasSchedule.Sigmas(levels[at], levels[from], again + 1)) : [];
        return [.. Pairs(levels[..(at + 1)]), .. Enumerable.Repeat(stretch, times).SelectMany(pairs => pairs), .. Pairs(levels[at..])];
    }

    private static IEnumerable<(double From, double To)> Pairs(double[] levels) => levels.Zip(levels.Skip(1));

    private static int Nearest(double[] levels, double level) => Array.IndexOf(levels, levels.MinBy(value => Math.Abs(value - level)));
}
