using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>Euler with fresh noise at every step, on Euler's schedule: k-diffusion's sample_euler_ancestral with eta = 1.</summary>
internal sealed class EulerAncestral : ISampler
{
    private static readonly Euler Deterministic = new();

    public bool TakesEta => false;

    public NoiseSchedule Plan(ScheduleRequest request) => Deterministic.Plan(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            LinearStep.Ancestral(run, room, schedule.Sigmas[i], schedule.Targets[i], eta: 1);
        }
    }
}
