using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// DPM-Solver-2: Lu et al., arXiv:2206.00927, algorithm 1 with r = 1/2. Karras et al., arXiv:2206.00364, algorithm 2, has the form
/// used here, with the middle in log sigma. With d(x, sigma) = (x - x0) / sigma and s = sqrt(sigma * sigma'),
/// <code>
/// x* = x + (s - sigma) d(x, sigma)          x' = x + (sigma' - sigma) d(x*, s)
/// </code>
/// The last step, to sigma zero, is Euler's.
/// </summary>
internal sealed class Dpm2 : ISampler
{
    public bool TakesEta => false;

    public int EvaluationsPerStep => 2;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        InclusivePlan.Of(request, roundsKarras: true);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var middle = run.NewBuffer();
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            // 1. Half the way in log sigma.
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            if (i == schedule.Steps - 1)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
                yield break;
            }

            var between = Between(from, to);
            LinearStep.Towards(run.X, run.Denoised, from, between, middle);

            // 2. The slope there leads all the way.
            yield return new Evaluation(middle, between, run.Trained.TimestepAt(between), i);
            LinearStep.Along(run.X, middle, run.Denoised, between, (double)to - from);
        }
    }

    /// <summary>The middle of two levels in log sigma.</summary>
    public static float Between(float from, float to)
    {
        var (start, end) = (MathF.Log(from), MathF.Log(to));
        return MathF.Exp(end - ((end - start) * 0.5f));
    }
}
