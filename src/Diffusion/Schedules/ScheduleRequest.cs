using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Schedules;

/// <summary>What a sampler plans its schedule from: the model's noise and config, the schedule that is asked for by name, in how many steps, and whether the model is an SDXL.</summary>
internal sealed record ScheduleRequest(TrainedNoise Trained, SchedulerConfig Config, string Name, int Steps, bool IsXl = false)
{
    /// <summary>Karras sigmas are asked for by the request or by the model.</summary>
    public bool IsKarras => Name == ScheduleNames.Karras || Config.UseKarrasSigmas;

    /// <summary>The level that the config names as the end.</summary>
    public double NamedEnd => Config.EndsAtSmallestSigma ? Trained.SmallestSigma : 0;
}
