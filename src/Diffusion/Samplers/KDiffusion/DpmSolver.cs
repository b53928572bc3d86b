namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// DPM-Solver, Lu et al., arXiv:2206.00927, in its singlestep forms with noise prediction on the variance-exploding path.
/// <code>
/// t = -log(sigma)      h = t' - t      eps = (x - x0) / sigma, at the start and at the inner levels sigma_1 and sigma_2 of a step
/// order 1: x' = x - (sigma - sigma') eps
/// order 2: x' = x - (sigma - sigma') eps - (sigma - sigma') / (2 r1) (eps_1 - eps)                    sigma_1 at r1 h
/// order 3: x' = x - (sigma - sigma') eps - sigma' / r2 ((exp(h) - 1) / h - 1) (eps_2 - eps)           sigma_1, sigma_2 at h/3, 2h/3
/// </code>
/// </summary>
internal static class DpmSolver
{
    // Algorithm 3's tolerances and step control, as k-diffusion sets them.
    private const double AbsoluteTolerance = 0.0078;
    private const double RelativeTolerance = 0.05;
    private const double FirstStep = 0.05;
    private const double AcceptSafety = 0.81;
    private const double Near = 1e-5;

    /// <summary>DPM-Solver-fast, section 4.1: as many steps of order 3 as the number of evaluations holds, the rest of order 2 or 1.</summary>
    public static IEnumerable<Evaluation> Fast(SamplerRun run)
    {
        var (stages, start, evaluations) = (new DpmSolverStages(run), run.Schedule.Start, run.Schedule.Steps - run.Schedule.Start);
        var (from, end) = Ends(run);
        var count = (evaluations / 3) + 1;
        var stride = Math.Log(from / end) / count;
        var asked = 0;
        for (var i = 0; asked < evaluations; i++)
        {
            // 1. The order of this step: the last are of order 2 and 1, or of what three steps leave over.
            var left = evaluations - asked;
            var order = left > 3 ? 3 : left == 3 ? 2 : left;
            var next = i == count - 1 ? end : from * Math.Exp(-stride);
            var (to, up) = Ancestral(from, next, end, run.Options.Eta);

            // 2. Evaluate at the start and at the inner levels.
            yield return run.Evaluate(run.X, from, start + asked++);
            stages.Begin(from);
            if (order > 1)
            {
                var r1 = order == 2 ? 1.0 / 2 : 1.0 / 3;
                yield return stages.First(to, r1, start + asked++);
                stages.End();
                if (order > 2)
                {
                    yield return stages.Second(to, start + asked++);
                    stages.End();
                }
            }

            // 3. Step, and come back up to the next level.
            stages.Step(to, order, run.X);
            LinearStep.AddNoise(run, stages.Room, up);
            from = next;
        }
    }

    /// <summary>
    /// DPM-Solver-23, appendix C: each step is tried with order 2 and order 3, and is taken where they agree. Its steps are its own, so
    /// that it counts those of the schedule by how far it has come.
    /// </summary>
    public static IEnumerable<Evaluation> Adaptive(SamplerRun run)
    {
        var (stages, low, previous) = (new DpmSolverStages(run), run.NewBuffer(), run.NewBuffer());
        var (from, end) = Ends(run);
        var (start, steps) = (run.Schedule.Start, run.Schedule.Steps - run.Schedule.Start);
        var whole = Math.Log(from / end);
        var h = FirstStep;
        run.X.CopyTo(previous, 0);
        while (Math.Log(from / end) > Near)
        {
            var next = Math.Max(end, from * Math.Exp(-h));
            var (to, up) = Ancestral(from, next, end, run.Options.Eta);
            var step = start + Math.Min((int)((1 - (Math.Log(from / end) / whole)) * steps), steps - 1);

            yield return run.Evaluate(run.X, from, step);
            stages.Begin(from);
            yield return stages.First(to, 1.0 / 3, step);
            stages.End();
            run.X.CopyTo(low, 0);
            stages.Step(to, 2, low);
            yield return stages.Second(to, step);
            stages.End();
            run.X.CopyTo(stages.Room, 0);
            stages.Step(to, 3, stages.Room);

            var factor = StepFactor(Error(low, stages.Room, previous), order: run.Options.Eta > 0 ? 1.5 : 3);
            if (factor >= AcceptSafety)
            {
                low.CopyTo(previous, 0);
                stages.Room.CopyTo(run.X, 0);
                LinearStep.AddNoise(run, stages.Room, up);
                from = next;
            }

            h *= factor;
        }
    }

    /// <summary>The root mean square of the difference of both orders, each value in units of what is tolerated there.</summary>
    private static double Error(float[] low, float[] high, float[] previous)
    {
        var sum = 0.0;
        for (var i = 0; i < low.Length; i++)
        {
            var tolerated = Math.Max(AbsoluteTolerance, RelativeTolerance * Math.Max(Math.Abs(low[i]), Math.Abs(previous[i])));
            var error = (low[i] - high[i]) / tolerated;
            sum += error * error;
        }

        return Math.Sqrt(sum / low.Length);
    }

    // k-diffusion's integral controller: the step that would just be tolerated, approached smoothly.
    private static double StepFactor(double error, double order) => 1 + Math.Atan(Math.Pow(1 / (error + 1e-8), 1 / order) - 1);

    private static (double To, double Up) Ancestral(double from, double next, double end, double eta)
    {
        var to = Math.Max(end, LinearStep.Split(from, next, eta).Down);
        return (to, Math.Sqrt((next * next) - (to * to)));
    }

    // From a picture, the last level above zero is the least that the schedule has; from noise, the trained range, as in webui.
    private static (double From, double End) Ends(SamplerRun run)
    {
        var sigmas = run.Schedule.Sigmas;
        return run.Schedule.Start == 0
            ? (run.Trained.LargestSigma, run.Trained.SmallestSigma)
            : (sigmas[run.Schedule.Start], sigmas[^1] > 0 ? sigmas[^1] : sigmas[^2]);
    }
}
