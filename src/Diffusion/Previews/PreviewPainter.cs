using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Previews;

/// <summary>Shows what the network sees in the latents of one render.</summary>
internal sealed class PreviewPainter(PreviewOptions options, ILatentPainter painter, RunOptions run, CancellationToken ct)
{
    public int EverySteps => options.EverySteps;

    /// <summary>Shows a latent of a height and width of its own.</summary>
    public void Show(int index, int step, int steps, int height, int width, ReadOnlySpan<float> denoised)
    {
        var rgb = painter.Paint(denoised, height, width, run, ct);
        options.Sink.Report(new Preview(index, step, steps, width * painter.Factor, height * painter.Factor, rgb));
    }
}
