namespace RenderFarm.Shared.Settings;

/// <summary>Names of samplers and noise schedules as users write them.</summary>
public static class SamplerNames
{
    /// <summary>Samplers that workers know.</summary>
    public static IReadOnlyList<string> Samplers { get; } =
    [
        "ddim", "ddpm", "pndm", "lms", "euler", "euler_a", "heun", "dpm2", "dpm2_a",
        "dpm++2m", "dpm++2m_sde", "dpm++2s", "deis", "unipc", "lcm", "tcd",
    ];

    /// <summary>Noise schedules: <c>model</c> is the one in the model's own configuration.</summary>
    public static IReadOnlyList<string> Schedules { get; } = ["model", "karras"];
}
