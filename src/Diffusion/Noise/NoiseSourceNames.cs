namespace RenderFarm.Diffusion.Noise;

/// <summary>The noise sources by name.</summary>
public static class NoiseSourceNames
{
    /// <summary>torch's generator on a CPU: <see cref="TorchRandom"/>.</summary>
    public const string Cpu = "cpu";

    /// <summary>torch's generator on an NVIDIA GPU: <see cref="PhiloxRandom"/>.</summary>
    public const string Nv = "nv";

    public static IReadOnlyList<string> All { get; } = [Cpu, Nv];
}
