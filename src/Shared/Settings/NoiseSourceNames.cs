namespace RenderFarm.Shared.Settings;

/// <summary>Names of the generators that noise comes from.</summary>
public static class NoiseSourceNames
{
    /// <summary>torch's generator on a CPU.</summary>
    public const string Cpu = "cpu";

    /// <summary>torch's generator on an NVIDIA GPU, as most pictures of stable-diffusion-webui have it.</summary>
    public const string Nv = "nv";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Cpu, Nv];
}
