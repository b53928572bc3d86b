using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>
/// A way down a noise schedule. Samplers hold nothing: the schedule says where step i stands, the state is the row's own.
/// All work on x = x0 + sigma * noise, as k-diffusion does, so that one denoiser serves them all.
/// </summary>
internal interface ISampler
{
    /// <summary>Whether the request's eta means anything to it.</summary>
    bool TakesEta { get; }

    /// <summary>The schedule that this sampler follows for a model's config; Karras sigmas where asked.</summary>
    NoiseSchedule Plan(TrainedNoise trained, SchedulerConfig config, bool karras, int steps);

    /// <summary>Takes x from step i's noise level to the next, given the picture the network sees in it.</summary>
    void Step(NoiseSchedule schedule, int i, Span<float> x, ReadOnlySpan<float> denoised, SamplerState state);
}
