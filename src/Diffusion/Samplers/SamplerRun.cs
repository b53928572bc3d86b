using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>What a sampler works on: one picture's latent, its schedule and its own noise.</summary>
internal sealed class SamplerRun(NoiseSchedule schedule, float[] x, INoiseSource noise, SamplerOptions options)
{
    public NoiseSchedule Schedule { get; } = schedule;

    /// <summary>x = x0 + sigma * noise, taken down the schedule in place.</summary>
    public float[] X { get; } = x;

    /// <summary>The answer to the last <see cref="Evaluation"/>: the picture that the network sees.</summary>
    public float[] Denoised { get; } = new float[x.Length];

    /// <summary>The picture's own noise source, which stochastic samplers go on drawing from.</summary>
    public INoiseSource Noise { get; } = noise;

    public SamplerOptions Options { get; } = options;

    /// <summary>Room of the latent's size, to be taken before the first evaluation, for no step may allocate.</summary>
    public float[] NewBuffer() => new float[X.Length];
}
