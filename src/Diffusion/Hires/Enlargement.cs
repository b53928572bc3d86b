using Microsoft.ML.OnnxRuntime;
using RenderFarm.Diffusion.Images;
using RenderFarm.Diffusion.ImageToImage;
using RenderFarm.Diffusion.Models;
using RenderFarm.Diffusion.Resizing;

namespace RenderFarm.Diffusion.Hires;

/// <summary>Brings the latents of a first pass to the size of the second: as they are, or by way of the picture.</summary>
internal sealed class Enlargement(ModelFolder model, StartingLatents starts)
{
    public float[] Of(ReadOnlySpan<float> latent, ImageRequest first, ImageRequest second, LatentDecoder decoder, RunOptions options, CancellationToken ct)
    {
        var (name, factor) = (first.Hires!.Upscaler, model.LatentFactor);
        if (Upscaler.Latent(name) is { } resampling)
        {
            return LatentResize.Resize(latent, (first.Height / factor, first.Width / factor), (second.Height / factor, second.Width / factor), resampling);
        }

        var picture = new InputImage(first.Width, first.Height, decoder.Decode(latent, first.Height, first.Width, options, ct));
        return starts.Encode(Upscaler.Pixels(name, picture, second.Width, second.Height), noise: null, options, ct);
    }
}
