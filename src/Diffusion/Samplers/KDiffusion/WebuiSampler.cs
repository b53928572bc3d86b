using RenderFarm.Diffusion.Schedules;
using RenderFarm.Diffusion.Schedules.Webui;

namespace RenderFarm.Diffusion.Samplers.KDiffusion;

/// <summary>A loop of k-diffusion's as stable-diffusion-webui runs it: on one of webui's schedules, with timesteps between the trained ones.</summary>
internal sealed class WebuiSampler(Func<SamplerRun, IEnumerable<Evaluation>> loop) : ISampler
{
    /// <summary>The most that webui takes a picture's strength for.</summary>
    public const double MaxStrength = 0.999;

    /// <summary>The schedule that "Automatic" stands for.</summary>
    public string Automatic { get; init; } = WebuiScheduleNames.Uniform;

    /// <summary>Whether a schedule of one step more is taken and loses its last level above zero, which these samplers step over.</summary>
    public bool SkipsLastLevel { get; init; }

    /// <summary>By which webui multiplies the steps that a prompt's changes count; 1 too for DPM fast and adaptive, which vary it.</summary>
    public int EvaluationsPerStep { get; init; } = 1;

    public bool TakesEta { get; init; }

    public bool TakesChurn { get; init; }

    public bool TakesNoiseScale => TakesEta || TakesChurn;

    public double DefaultEta => TakesEta ? 1 : 0;

    public IReadOnlyList<string> Schedules => WebuiOrModel;

    private static IReadOnlyList<string> WebuiOrModel { get; } = [ScheduleNames.Model, .. WebuiScheduleNames.All];

    public NoiseSchedule Plan(ScheduleRequest request)
    {
        var (trained, _, name, steps, isXl) = request;
        var levels = WebuiSchedules.Sigmas(
            name is ScheduleNames.Model or WebuiScheduleNames.Automatic ? Automatic : name,
            SkipsLastLevel ? steps + 1 : steps,
            trained,
            isXl);
        float[] sigmas = [.. (SkipsLastLevel ? [.. levels[..^2], levels[^1]] : levels).Select(sigma => (float)sigma)];
        return NoiseSchedule.Through([.. sigmas[..^1].Select(sigma => (float)trained.TimestepAt(sigma))], sigmas, sigmas[0]) with { EndsUnscaled = true };
    }

    /// <summary>webui counts the steps after the first, and never all of them.</summary>
    public int FirstStep(NoiseSchedule schedule, int steps, double strength) => steps - 1 - (int)(Math.Min(strength, MaxStrength) * steps);

    public IEnumerable<Evaluation> Sample(SamplerRun run) => loop(run);
}
