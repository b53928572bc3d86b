using System.Numerics.Tensors;
using RenderFarm.Diffusion.Noise;

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
    public static void Ancestral(Span<float> x, ReadOnlySpan<float> denoised, double from, double to, SamplerState state, float eta)
    {
        var up = Math.Min(to, eta * Math.Sqrt(Math.Max(to * to * ((from * from) - (to * to)) / (from * from), 0)));
        Towards(x, denoised, from, Math.Sqrt((to * to) - (up * up)));
        AddNoise(x, state.Noise, state.Random, (float)up);
    }

    private static void AddNoise(Span<float> x, Span<float> noise, TorchRandom random, float scale)
    {
        random.FillNormal(noise);
        TensorPrimitives.MultiplyAdd(noise, scale, x, x);
    }
}
