using System.Numerics.Tensors;

namespace RenderFarm.Diffusion.Samplers;

/// <summary>The one arithmetic that these samplers share: a step is a weighted sum of what is there.</summary>
internal static class LinearStep
{
    /// <summary>Euler's step along dx/dsigma = (x - x0) / sigma: x + (to - from) * dx/dsigma, written as a weighted sum.</summary>
    public static void Towards(Span<float> x, ReadOnlySpan<float> denoised, double from, double to)
    {
        var keep = (float)(to / from);
        TensorPrimitives.Multiply(x, keep, x);
        TensorPrimitives.MultiplyAdd(denoised, 1 - keep, x, x);
    }

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

    /// <summary>Adds the next draw of noise to x.</summary>
    public static void AddNoise(SamplerRun run, Span<float> room, double scale)
    {
        run.Noise.FillNormal(room);
        TensorPrimitives.MultiplyAdd(room, (float)scale, run.X, run.X);
    }
}
