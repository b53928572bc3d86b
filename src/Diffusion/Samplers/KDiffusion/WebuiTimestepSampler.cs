using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>
/// A loop of the farm's on the whole timesteps that stable-diffusion-webui gives it: 1 and on in the stride of trained / steps, as far as
/// they reach, of which the first is where the path ends. That may be some more or one less than the steps that were asked for.
/// </summary>
internal sealed class WebuiTimestepSampler(ISampler loop) : ISampler
{
    public bool TakesEta => loop.TakesEta;

    // A single step would end where it starts.
    public int MinSteps => 2;

    public IReadOnlyList<string> Schedules => OnlyItsOwn;

    private static IReadOnlyList<string> OnlyItsOwn { get; } = [ScheduleNames.Model, WebuiScheduleNames.Automatic];

    public NoiseSchedule Plan(ScheduleRequest request)
    {
        var trained = request.Trained;
        var stride = trained.Timesteps / request.Steps;
        var last = trained.Timesteps - 1;
        float[] timesteps = [.. Enumerable.Range(0, ((last / stride) + 1)).Select(i => (float)Math.Min((i * stride) + 1, last)).Reverse()];
        float[] sigmas = [.. timesteps.Select(t => (float)trained.SigmaAt(t))];
        return NoiseSchedule.Through(timesteps[..^1], sigmas, NoiseSchedule.Deviation(sigmas[0]));
    }

    public int FirstStep(NoiseSchedule schedule, int steps, double strength) =>
        Math.Min(schedule.Steps + 1 - (int)(Math.Min(strength, WebuiSampler.MaxStrength) * steps), schedule.Steps - 1);

    public IEnumerable<Evaluation> Sample(SamplerRun run) => loop.Sample(run);
}
