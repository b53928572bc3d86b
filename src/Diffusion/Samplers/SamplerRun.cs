using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>What a sampler works on: one picture's latent, its schedule, the noise its model knows and its own.</summary>
internal sealed class SamplerRun(TrainedNoise trained, NoiseSchedule schedule, float[] x, INoiseSource noise, SamplerOptions options)
{
    /// <summary>Says which timestep a noise level between two steps is.</summary>
    public TrainedNoise Trained { get; } = trained;

    public NoiseSchedule Schedule { get; } = schedule;

    /// <summary>x = x0 + sigma * noise, taken down the schedule in place.</summary>
    public float[] X { get; } = x;

    /// <summary>The answer to the last <see cref="Evaluation"/>: the picture that the network sees.</summary>
    public float[] Denoised { get; } = new float[x.Length];

    /// <summary>The picture's own noise source, which stochastic samplers go on drawing from.</summary>
    public INoiseSource Noise { get; } = noise;

    public SamplerOptions Options { get; } = options;

    /// <summary>What the network is asked at any noise level.</summary>
    public Evaluation Evaluate(float[] x, double sigma, int step) => new(x, (float)sigma, (float)Trained.TimestepAt(sigma), step);

    /// <summary>Room of the latent's size, to be taken before the first evaluation, for no step may allocate.</summary>
    public float[] NewBuffer() => new float[X.Length];
}
