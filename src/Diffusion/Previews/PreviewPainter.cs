namespace RenderFarm.Diffusion.Previews;

/// <summary>Turns what the network sees in a latent into small pictures.</summary>
internal sealed class PreviewPainter(PreviewOptions options, LatentColors colors)
{
    public int EverySteps => options.EverySteps;

    /// <summary>Shows a latent of a height and width of its own.</summary>
    public void Show(int index, int step, int steps, int height, int width, ReadOnlySpan<float> denoised) =>
        options.Sink.Report(new Preview(index, step, steps, width, height, colors.Paint(denoised)));
}
