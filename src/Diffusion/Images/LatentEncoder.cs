using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Noise;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Images;

/// <summary>
/// The autoencoder's first half: pictures to latents. The network answers with a normal distribution per value, mean and log variance,
/// of which one sample is drawn (Kingma and Welling, arXiv:1312.6114).
/// </summary>
internal sealed class LatentEncoder(ModelFolder model, NetworkSession session) : IDisposable
{
    private const int Channels = 3;

    // The bounds that the autoencoder was trained with.
    private const float LeastLogVariance = -30;
    private const float MostLogVariance = 20;

    /// <summary>A picture, [3, height, width] from -1 to 1, as a latent at the scale of the UNet; without noise, the mean.</summary>
    public float[] Encode(ReadOnlySpan<float> planes, int height, int width, INoiseSource? noise, RunOptions options, CancellationToken ct)
    {
        var channels = model.Parts.Vae.LatentChannels;
        var (latentHeight, latentWidth) = (height / model.LatentFactor, width / model.LatentFactor);
        using var picture = new PinnedTensor<float>(1, Channels, height, width);
        using var parameters = new PinnedTensor<float>(1, 2 * channels, latentHeight, latentWidth);
        planes.CopyTo(picture.Span);
        session.Run(options, new TensorSet([NetworkFiles.Sample], [picture.Value]), new TensorSet([NetworkFiles.LatentParameters], [parameters.Value]), ct);

        var size = parameters.Span.Length / 2;
        var deviation = parameters.Span[size..];
        TensorPrimitives.Clamp(deviation, LeastLogVariance, MostLogVariance, deviation);
        TensorPrimitives.Multiply(deviation, 0.5f, deviation);
        TensorPrimitives.Exp(deviation, deviation);
        var latent = new float[size];
        noise?.FillNormal(latent);
        TensorPrimitives.MultiplyAdd(latent, deviation, parameters.Span[..size], latent);
        TensorPrimitives.Multiply(latent, (float)model.Parts.Vae.ScalingFactor, latent);
        return latent;
    }

    public void Dispose() => session.Dispose();
}
