using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Schedules;

/// <summary>
/// The noise levels that a network was trained on: alpha_bar_t = product of (1 - beta), sigma_t = sqrt((1 - alpha_bar_t) / alpha_bar_t).
/// Ho et al., arXiv:2006.11239. Float32 where torch computes in float32, so that the tables agree.
/// </summary>
internal sealed class TrainedNoise
{
    private readonly float[] _sigmas;
    private readonly float[] _logSigmas;

    public TrainedNoise(SchedulerConfig config)
    {
        Config = config;
        var betas = Betas(config);
        _sigmas = new float[betas.Length];
        var alphaBar = 1.0;
        for (var t = 0; t < betas.Length; t++)
        {
            alphaBar *= 1f - betas[t];
            var rounded = (float)alphaBar;
            _sigmas[t] = MathF.Sqrt((1 - rounded) / rounded);
        }

        _logSigmas = [.. _sigmas.Select(sigma => MathF.Log(sigma))];
    }

    /// <summary>What this was computed from.</summary>
    public SchedulerConfig Config { get; }

    public int Timesteps => _sigmas.Length;

    public float SmallestSigma => _sigmas[0];

    public float LargestSigma => _sigmas[^1];

    /// <summary>The noise level at a timestep, which may lie between two trained ones.</summary>
    public double SigmaAt(double timestep)
    {
        var low = Math.Clamp((int)timestep, 0, _sigmas.Length - 1);
        var high = Math.Min(low + 1, _sigmas.Length - 1);
        return _sigmas[low] + ((Math.Clamp(timestep, 0, _sigmas.Length - 1) - low) * ((double)_sigmas[high] - _sigmas[low]));
    }

    /// <summary>The timestep of a noise level, linear in log sigma between the trained ones.</summary>
    public double TimestepAt(double sigma)
    {
        var logSigma = Math.Log(Math.Max(sigma, 1e-10));
        var low = Below((float)logSigma);
        var share = (_logSigmas[low] - logSigma) / ((double)_logSigmas[low] - _logSigmas[low + 1]);
        return low + Math.Clamp(share, 0, 1);
    }

    /// <summary>The same in single precision, for levels that the reference has rounded.</summary>
    public float TimestepAt(float sigma)
    {
        var logSigma = MathF.Log(Math.Max(sigma, 1e-10f));
        var low = Below(logSigma);
        var share = (_logSigmas[low] - logSigma) / (_logSigmas[low] - _logSigmas[low + 1]);
        return low + Math.Clamp(share, 0, 1);
    }

    /// <summary>The last level, of those that have one above them, that is not above the given.</summary>
    private int Below(float logSigma)
    {
        var at = Array.BinarySearch(_logSigmas, logSigma);
        return Math.Clamp(at >= 0 ? at : ~at - 1, 0, _logSigmas.Length - 2);
    }

    private static float[] Betas(SchedulerConfig config) => config.BetaSchedule switch
    {
        "linear" => Linspace((float)config.BetaStart, (float)config.BetaEnd, config.TrainTimesteps),
        "scaled_linear" => [.. Linspace((float)Math.Sqrt(config.BetaStart), (float)Math.Sqrt(config.BetaEnd), config.TrainTimesteps).Select(root => root * root)],
        var other => throw new InvalidOperationException($"The beta schedule '{other}' passed the config's check."),
    };

    private static float[] Linspace(float start, float end, int count)
    {
        // From both ends towards the middle, as torch does.
        var stride = (end - start) / (count - 1);
        return [.. Enumerable.Range(0, count).Select(i => i < count / 2 ? start + (stride * i) : end - (stride * (count - i - 1)))];
    }
}
