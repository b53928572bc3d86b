namespace RenderFarm.Diffusion;

/// <summary>The noise schedules by name.</summary>
public static class ScheduleNames
{
    /// <summary>What the model's own scheduler config says.</summary>
    public const string Model = "model";

    /// <summary>The sigmas of Karras et al., arXiv:2206.00364, equation 5.</summary>
    public const string Karras = "karras";

    public static IReadOnlyList<string> All { get; } = [Model, Karras];
}
