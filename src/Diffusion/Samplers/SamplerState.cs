using RenderFarm.Diffusion.Noise;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>What one row carries from step to step, allocated once per render.</summary>
internal sealed class SamplerState(int size, TorchRandom random, float eta)
{
    /// <summary>The row's own noise source, which stochastic samplers go on drawing from.</summary>
    public TorchRandom Random { get; } = random;

    public float Eta { get; } = eta;

    /// <summary>The previous step's denoised picture, for multistep solvers.</summary>
    public float[] Previous { get; } = new float[size];

    /// <summary>Room for one draw of noise.</summary>
    public float[] Noise { get; } = new float[size];
}
