using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>
/// <see cref="Dpm2"/> down to the level that ancestral noise leaves, then up with fresh noise: k-diffusion's sample_dpm_2_ancestral,
/// whose eta is 1.
/// </summary>
internal sealed class Dpm2Ancestral : ISampler
{
    public bool TakesEta => true;

    public int EvaluationsPerStep => 2;

    public double DefaultEta => 1;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        InclusivePlan.Of(request, roundsKarras: true);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var (middle, room) = (run.NewBuffer(), run.NewBuffer());
        var eta = run.Options.Eta;
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            // 1. Half the way down in log sigma.
            yield return schedule.Evaluate(run.X, i);
            var (from, to) = (schedule.Sigmas[i], schedule.Targets[i]);
            if (i == schedule.Steps - 1)
            {
                LinearStep.Towards(run.X, run.Denoised, from, to);
                yield break;
            }

            var (down, up) = Split(from, to, eta);
            var between = Dpm2.Between(from, down);
            LinearStep.Towards(run.X, run.Denoised, from, between, middle);

            // 2. The slope there leads all the way down.
            yield return new Evaluation(middle, between, run.Trained.TimestepAt(between), i);
            LinearStep.Along(run.X, middle, run.Denoised, between, (double)down - from);

            // 3. Up with fresh noise.
            LinearStep.AddNoise(run, room, up);
        }
    }

    // As LinearStep.Split, but rounded as the reference does, because the difference of two nearly equal squares decides where the
    // middle of the last steps lies.
    private static (float Down, float Up) Split(float from, float to, float eta)
    {
        var up = eta * MathF.Sqrt(to * to * ((from * from) - (to * to)) / (from * from));
        var down = MathF.Sqrt((to * to) - (up * up));

        // Nothing is left of the difference where the step is very long.
        return (down > 0 ? down : (float)LinearStep.Split(from, to, eta).Down, up);
    }
}
