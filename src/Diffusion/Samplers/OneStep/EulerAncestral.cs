using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers.OneStep;

/// <summary>Euler's method with fresh noise at every step: k-diffusion's sample_euler_ancestral, whose eta is 1.</summary>
internal sealed class EulerAncestral : ISampler
{
    public bool TakesEta => true;

    public double DefaultEta => 1;

    public NoiseSchedule Plan(ScheduleRequest request) =>
        InclusivePlan.Of(request);

    public IEnumerable<Evaluation> Sample(SamplerRun run)
    {
        var schedule = run.Schedule;
        var room = run.NewBuffer();
        var eta = run.Options.Eta;
        for (var i = schedule.Start; i < schedule.Steps; i++)
        {
            yield return schedule.Evaluate(run.X, i);
            LinearStep.Ancestral(run, room, schedule.Sigmas[i], schedule.Targets[i], eta);
        }
    }
}
