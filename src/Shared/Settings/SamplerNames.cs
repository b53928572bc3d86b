namespace RenderFarm.Shared.Settings;

/// <summary>Names of samplers and noise schedules as users write them, and which go together.</summary>
public static class SamplerNames
{
    private const string Model = "model";
    private const string Karras = "karras";
    private const string Automatic = "Automatic";

    private static readonly string[] Own =
    [
        "ddim", "ddpm", "pndm", "lms", "euler", "euler_a", "heun", "dpm2", "dpm2_a",
        "dpm++2m", "dpm++2m_sde", "dpm++2s", "deis", "unipc", "lcm", "tcd",
    ];

    private static readonly string[] OfWebui =
    [
        "Euler", "Euler a", "LMS", "Heun", "DPM2", "DPM2 a", "DPM++ 2S a", "DPM++ 2M", "DPM++ SDE",
        "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM fast", "DPM adaptive", "Restart", "DDIM", "PLMS",
    ];

    private static readonly string[] OwnSchedules = [Model, Karras];

    private static readonly string[] SchedulesOfWebui =
    [
        Automatic, "Uniform", "Karras", "Exponential", "Polyexponential", "SGM Uniform", "KL Optimal",
        "Align Your Steps", "Simple", "Normal", "DDIM", "Beta",
    ];

    /// <summary>Samplers that workers know: those with the numbers of diffusers in small letters, then those of stable-diffusion-webui under its names.</summary>
    public static IReadOnlyList<string> Samplers { get; } = [.. Own, .. OfWebui];

    /// <summary>Noise schedules: <c>model</c> is the one in the model's own configuration; those with capitals are stable-diffusion-webui's.</summary>
    public static IReadOnlyList<string> Schedules { get; } = [.. OwnSchedules, .. SchedulesOfWebui];

    /// <summary>Samplers whose share of fresh noise can be set.</summary>
    public static IReadOnlyList<string> WithEta { get; } =
    [
        "ddim", "euler_a", "dpm2_a", "tcd",
        "Euler a", "DPM2 a", "DPM++ 2S a", "DPM++ SDE", "DPM++ 2M SDE", "DPM++ 2M SDE Heun", "DPM++ 3M SDE", "DPM fast", "DPM adaptive", "DDIM",
    ];

    /// <summary>The schedules that a sampler can follow.</summary>
    public static IReadOnlyList<string> SchedulesOf(string sampler) => sampler switch
    {
        // These two walk timesteps and have no other way.
        "DDIM" or "PLMS" => [Model, Automatic],
        _ when OfWebui.Contains(sampler) => [Model, .. SchedulesOfWebui],
        _ => OwnSchedules,
    };

    /// <summary>The schedule of a sampler where none is stated.</summary>
    public static string UsualSchedule(string sampler) => OfWebui.Contains(sampler) ? Automatic : Karras;
}
