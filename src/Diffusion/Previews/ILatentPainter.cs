using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Previews;

/// <summary>A quick way from a latent to something to look at.</summary>
internal interface ILatentPainter
{
    /// <summary>How many pixels a latent value becomes along each side.</summary>
    int Factor { get; }

    /// <summary>Rows of RGB bytes of a latent, [channels, height, width] at the scale of the UNet.</summary>
    byte[] Paint(ReadOnlySpan<float> latent, int height, int width, RunOptions options, CancellationToken ct);
}
