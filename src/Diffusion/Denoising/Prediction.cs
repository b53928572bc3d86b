using System.Numerics.Tensors;
using RenderFarm.Diffusion.Models;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>
/// What the network's output means, as the weights of x0 = a(sigma) x + b(sigma) output, for x = x0 + sigma * noise.
/// epsilon (Ho et al., arXiv:2006.11239): a = 1, b = -sigma. v (Salimans, Ho, arXiv:2202.00512): a = 1 / (sigma^2 + 1), b = -sigma / sqrt(sigma^2 + 1).
/// </summary>
internal sealed record Prediction(bool IsVelocity)
{
    public static Prediction Of(SchedulerConfig config) => new(config.PredictionType == "v_prediction");

    /// <summary>Turns the output into the denoised picture, in place.</summary>
    public void ToDenoised(ReadOnlySpan<float> x, float sigma, Span<float> output)
    {
        if (!IsVelocity)
        {
            TensorPrimitives.MultiplyAdd(output, -sigma, x, output);
            return;
        }

        var variance = (sigma * sigma) + 1;
        TensorPrimitives.Multiply(output, -sigma * MathF.Sqrt(variance), output);
        TensorPrimitives.Add(output, x, output);
        TensorPrimitives.Divide(output, variance, output);
    }
}
