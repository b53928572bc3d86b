using System.Numerics.Tensors;
using RenderFarm.Diffusion.Schedules;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>The one arithmetic that these samplers share: a step is a weighted sum of what is there.</summary>
internal static class LinearStep
{
    /// <summary>Euler's step along dx/dsigma = (x - x0) / sigma: x + (to - from) * dx/dsigma, written as a weighted sum.</summary>
    public static void Towards(Span<float> x, ReadOnlySpan<float> denoised, double from, double to) => Towards(x, denoised, from, to, x);

    /// <summary>The same, with the result elsewhere; x may be the result.</summary>
    public static void Towards(ReadOnlySpan<float> x, ReadOnlySpan<float> denoised, double from, double to, Span<float> result)
    {
        var keep = (float)(to / from);
        TensorPrimitives.Multiply(x, keep, result);
        TensorPrimitives.MultiplyAdd(denoised, 1 - keep, result, result);
    }

    /// <summary>dx/dsigma = (x - x0) / sigma, which is also the noise in x.</summary>
    public static void Slope(ReadOnlySpan<float> x, ReadOnlySpan<float> denoised, double sigma, Span<float> slope)
    {
        TensorPrimitives.Subtract(x, denoised, slope);
        TensorPrimitives.Divide(slope, (float)sigma, slope);
    }

    /// <summary>x + weight * values, in place.</summary>
    public static void Add(Span<float> x, ReadOnlySpan<float> values, double weight) =>
        TensorPrimitives.MultiplyAdd(values, (float)weight, x, x);

    /// <summary>
    /// Ancestral sampling: of the noise at level "to" the share eta is drawn anew. up^2 = eta^2 * to^2 * (from^2 - to^2) / from^2,
    /// down^2 = to^2 - up^2 (k-diffusion's get_ancestral_step; the same as sigma_t(eta) of DDIM, equation 16).
    /// </summary>
    public static (double Down, double Up) Split(double from, double to, double eta)
    {
        var up = Math.Min(to, eta * Math.Sqrt(Math.Max(to * to * ((from * from) - (to * to)) / (from * from), 0)));
        return (Math.Sqrt((to * to) - (up * up)), up);
    }

    /// <summary>Euler's step to the lower part of the next level, and noise that makes up the rest.</summary>
    public static void Ancestral(SamplerRun run, Span<float> room, double from, double to, float eta)
    {
        var (down, up) = Split(from, to, eta);
        Towards(run.X, run.Denoised, from, down);
        AddNoise(run, room, up);
    }

    /// <summary>The step of h along the slope that is seen at another point: x + h (at - x0) / sigma. The point becomes room.</summary>
    public static void Along(Span<float> x, Span<float> at, ReadOnlySpan<float> denoised, double sigma, double h)
    {
        TensorPrimitives.Subtract(at, denoised, at);
        TensorPrimitives.MultiplyAdd(at, (float)(h / sigma), x, x);
    }

    /// <summary>Adds the next draw of noise to x, times the request's own scale.</summary>
    public static void AddNoise(SamplerRun run, Span<float> room, double scale) => AddNoise(run, run.X, room, scale);

    /// <summary>The same for an x at an inner point of a step. Where there is nothing to add, nothing is drawn.</summary>
    public static void AddNoise(SamplerRun run, Span<float> x, Span<float> room, double scale)
    {
        if (scale == 0)
        {
            return;
        }

        run.Noise.FillNormal(room);
        TensorPrimitives.MultiplyAdd(room, (float)(scale * run.Options.NoiseScale), x, x);
    }

    /// <summary>Where x at one level is read as if it were at another, x / sqrt(1 + sigma^2) stays as it is; only its scale changes.</summary>
    public static void Reread(Span<float> x, float sigma, float asSigma)
    {
        if (sigma != asSigma)
        {
            TensorPrimitives.Multiply(x, NoiseSchedule.Deviation(asSigma) / NoiseSchedule.Deviation(sigma), x);
        }
    }
}
