using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Runtime;

namespace RenderFarm.Diffusion.Previews;

/// <summary>A model's own small decoder (AutoencoderTiny), which takes latents at the scale of the UNet.</summary>
internal sealed class SmallDecoder(ModelFolder model, PreviewDecoderParts parts, NetworkSession session) : ILatentPainter, IDisposable
{
    private const int Channels = 3;

    public int Factor => model.LatentFactor;

    public byte[] Paint(ReadOnlySpan<float> latent, int height, int width, RunOptions options, CancellationToken ct)
    {
        using var input = new PinnedTensor<float>(1, model.Parts.Vae.LatentChannels, height, width);
        using var picture = new PinnedTensor<float>(1, Channels, height * Factor, width * Factor);
        latent.CopyTo(input.Span);
        session.Run(options, new TensorSet([parts.Input], [input.Value]), new TensorSet([parts.Output], [picture.Value]), ct);
        return LatentDecoder.ToRgb(picture.Span, height * width * Factor * Factor);
    }

    public void Dispose() => session.Dispose();
}
