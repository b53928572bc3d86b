using RenderFarm.Diffusion.Samplers;

namespace RenderFarm.Diffusion.Schedules;

/// <summary>
/// The path of one picture from noise to image, in the variance-exploding form x = x0 + sigma * noise.
/// Step i runs the network at <see cref="Timesteps"/>[i] and <see cref="Sigmas"/>[i] and ends at <see cref="Targets"/>[i].
/// </summary>
internal sealed record NoiseSchedule
{
    /// <summary>The timesteps that the network sees, one per step.</summary>
    public required float[] Timesteps { get; init; }

    /// <summary>The noise level at each step, and at the end.</summary>
    public required float[] Sigmas { get; init; }

    /// <summary>
    /// The noise level a step leads to. It is the next step's own except for DDIM and PNDM with spacings other than "leading",
    /// which step down by a fixed stride of timesteps and take the result to be at the next timestep.
    /// </summary>
    public required float[] Targets { get; init; }

    /// <summary>What unit noise is multiplied by at the start.</summary>
    public required float InitialScale { get; init; }

    /// <summary>The step at which the path is joined: above 0 where it starts from a picture that is only partly noised.</summary>
    public int Start { get; init; }

    /// <summary>Whether the last x is the result as it is, where the end is above zero; otherwise x / sqrt(1 + sigma^2) is.</summary>
    public bool EndsUnscaled { get; init; }

    public int Steps => Timesteps.Length;

    public static NoiseSchedule Through(float[] timesteps, float[] sigmas, float initialScale) => new()
    {
        Timesteps = timesteps,
        Sigmas = sigmas,
        Targets = sigmas[1..],
        InitialScale = initialScale,
    };

    /// <summary>The schedule of steps that lead through the levels to the end one after another.</summary>
    public static NoiseSchedule Ending(double[] timesteps, double[] sigmas, double end, float initialScale) =>
        Through([.. timesteps.Select(t => (float)t)], [.. sigmas.Append(end).Select(sigma => (float)sigma)], initialScale);

    /// <summary>What the network is asked at the start of step i.</summary>
    public Evaluation Evaluate(float[] x, int i) => new(x, Sigmas[i], Timesteps[i], i);

    /// <summary>The standard deviation of noised data, which scales the network's input to about one.</summary>
    public static float Deviation(float sigma) => MathF.Sqrt((sigma * sigma) + 1);
}
