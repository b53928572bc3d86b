using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>
/// A way down a noise schedule, in k-diffusion's shape: a denoiser, an array of noise levels, a loop. The denoiser is the caller:
/// the loop yields what it wants evaluated and finds the answer in <see cref="SamplerRun.Denoised"/> when it is resumed, so that the
/// pictures of a batch may each be anywhere in loops of their own. Samplers hold nothing; a run's state is the loop's.
/// All work on x = x0 + sigma * noise, so that one denoiser serves them all.
/// </summary>
internal interface ISampler
{
    /// <summary>Whether the request's eta means anything to it.</summary>
    bool TakesEta { get; }

    /// <summary>Whether the request's churn means anything to it.</summary>
    bool TakesChurn => false;

    /// <summary>Whether its fresh noise can be scaled.</summary>
    bool TakesNoiseScale => false;

    /// <summary>The eta of a request that states none.</summary>
    double DefaultEta => 0;

    /// <summary>How often it asks the network in a step: twice if it is of second order and not multistep.</summary>
    int EvaluationsPerStep => 1;

    /// <summary>The names of the schedules that it can follow.</summary>
    IReadOnlyList<string> Schedules => ScheduleNames.All;

    /// <summary>The fewest steps that it can take.</summary>
    int MinSteps => 1;

    /// <summary>The most steps that it has timesteps for.</summary>
    int MaxSteps(SchedulerConfig config) => config.MaxSteps;

    /// <summary>The schedule that this sampler follows where one of its names is asked for.</summary>
    NoiseSchedule Plan(ScheduleRequest request);

    /// <summary>The step of a planned schedule at which a picture joins it, for the steps that were asked for: by default, as diffusers counts.</summary>
    int FirstStep(NoiseSchedule schedule, int steps, double strength) => schedule.Steps - (int)(schedule.Steps * strength);

    /// <summary>Takes the run's X from its schedule's start to the end. Nothing is allocated after the first evaluation.</summary>
    IEnumerable<Evaluation> Sample(SamplerRun run);
}
