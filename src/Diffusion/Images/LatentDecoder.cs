using System.Numerics.Tensors;
using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Images;

/// <summary>The autoencoder's second half: latents to pictures, one at a time, so that memory does not grow with the batch.</summary>
internal sealed class LatentDecoder(ModelFolder model, NetworkSession session, int tileSide = 0) : IDisposable
{
    private const int Channels = 3;

    private Buffers? _buffers;

    /// <summary>The picture as rows of RGB bytes, or <see cref="NotFiniteNumberException"/> where the network overflowed; larger ones in tiles, if the decoder has a tile's side.</summary>
    public byte[] Decode(ReadOnlySpan<float> latent, int height, int width, RunOptions options, CancellationToken ct)
    {
        var factor = model.LatentFactor;
        return tileSide == 0 || (height <= tileSide && width <= tileSide)
            ? ToRgb(Run(latent, height / factor, width / factor, options, ct), height * width)
            : DecodeTiled(latent.ToArray(), height / factor, width / factor, options, ct);
    }

    public void Dispose()
    {
        _buffers?.Dispose();
        session.Dispose();
    }

    /// <summary>Planes [3, height * factor, width * factor] of a latent, -1 to 1, in memory that the next run uses again.</summary>
    private Span<float> Run(ReadOnlySpan<float> latent, int height, int width, RunOptions options, CancellationToken ct)
    {
        if (_buffers is null || (_buffers.Height, _buffers.Width) != (height, width))
        {
            _buffers?.Dispose();
            _buffers = new Buffers(model, session, height, width);
        }

        TensorPrimitives.Divide(latent, (float)model.Parts.Vae.ScalingFactor, _buffers.Latent.Span);
        _buffers.Network.Run(options, ct);
        return float.IsFinite(TensorPrimitives.Sum<float>(_buffers.Picture.Span))
            ? _buffers.Picture.Span
            : throw new NotFiniteNumberException("The decoder's picture is not finite.");
    }

    private byte[] DecodeTiled(float[] latent, int height, int width, RunOptions options, CancellationToken ct)
    {
        var factor = model.LatentFactor;
        var planes = new float[Channels * height * width * factor * factor];
        TiledDecode.Run(height, width, tileSide / factor, factor, (y, x, rows, columns) => Run(Cut(latent, height, width, y, x, rows, columns), rows, columns, options, ct), planes);
        return ToRgb(planes, height * width * factor * factor);
    }

    private static float[] Cut(float[] latent, int height, int width, int y, int x, int rows, int columns)
    {
        var channels = latent.Length / (height * width);
        var cut = new float[channels * rows * columns];
        for (var row = 0; row < channels * rows; row++)
        {
            var (channel, line) = (row / rows, y + (row % rows));
            latent.AsSpan((((channel * height) + line) * width) + x, columns).CopyTo(cut.AsSpan(row * columns));
        }

        return cut;
    }

    /// <summary>Planes from -1 to 1, which are changed, to rows of RGB bytes.</summary>
    public static byte[] ToRgb(Span<float> planes, int pixels)
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
        public Buffers(ModelFolder model, NetworkSession session, int height, int width)
        {
            (Height, Width) = (height, width);
            Latent = new PinnedTensor<float>(1, model.Parts.Vae.LatentChannels, height, width);
            Picture = new PinnedTensor<float>(1, Channels, height * model.LatentFactor, width * model.LatentFactor);
            Network = session.Bind(new TensorSet([NetworkFiles.LatentSample], [Latent.Value]), new TensorSet([NetworkFiles.Sample], [Picture.Value]));
        }

        public int Height { get; }

        public int Width { get; }

        public PinnedTensor<float> Latent { get; }

        public PinnedTensor<float> Picture { get; }

        public BoundNetwork Network { get; }

        public void Dispose()
        {
            Network.Dispose();
            Latent.Dispose();
            Picture.Dispose();
        }
    }
}
