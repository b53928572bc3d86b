using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Images;

/// <summary>The autoencoder's second half: latents to pictures, one at a time, so that memory does not grow with the batch.</summary>
internal sealed class LatentDecoder(ModelFolder model, NetworkSession session) : IDisposable
{
    private const int Channels = 3;

    private Buffers? _buffers;

    /// <summary>The picture as rows of RGB bytes.</summary>
    public byte[] Decode(ReadOnlySpan<float> latent, int height, int width, RunOptions options, CancellationToken ct)
    {
        if (_buffers is null || (_buffers.Height, _buffers.Width) != (height, width))
        {
            _buffers?.Dispose();
            _buffers = new Buffers(model, height, width);
        }

        TensorPrimitives.Divide(latent, (float)model.Parts.Vae.ScalingFactor, _buffers.Latent.Span);
        session.Run(options, _buffers.Inputs, _buffers.Outputs, ct);
        return ToRgb(_buffers.Picture.Span, height * width);
    }

    public void Dispose()
    {
        _buffers?.Dispose();
        session.Dispose();
    }

    private static byte[] ToRgb(Span<float> planes, int pixels)
    {
        // -1..1 to 0..255, rounded half to even, then planes to pixels.
        TensorPrimitives.Add(planes, 1, planes);
        TensorPrimitives.Multiply(planes, 127.5f, planes);
        TensorPrimitives.Round<float>(planes, planes);
        var bytes = new byte[planes.Length];
        TensorPrimitives.ConvertSaturating<float, byte>(planes, bytes);
        var rgb = new byte[planes.Length];
        for (var (i, o) = (0, 0); i < pixels; i++, o += Channels)
        {
            rgb[o] = bytes[i];
            rgb[o + 1] = bytes[pixels + i];
            rgb[o + 2] = bytes[(2 * pixels) + i];
        }

        return rgb;
    }

    private sealed class Buffers : IDisposable
    {
        public Buffers(ModelFolder model, int height, int width)
        {
            (Height, Width) = (height, width);
            Latent = new PinnedTensor<float>(1, model.Parts.Vae.LatentChannels, height / model.LatentFactor, width / model.LatentFactor);
            Picture = new PinnedTensor<float>(1, Channels, height, width);
            Inputs = new TensorSet([NetworkFiles.LatentSample], [Latent.Value]);
            Outputs = new TensorSet([NetworkFiles.Sample], [Picture.Value]);
        }

        public int Height { get; }

        public int Width { get; }

        public PinnedTensor<float> Latent { get; }

        public PinnedTensor<float> Picture { get; }

        public TensorSet Inputs { get; }

        public TensorSet Outputs { get; }

        public void Dispose()
        {
            Latent.Dispose();
            Picture.Dispose();
        }
    }
}
