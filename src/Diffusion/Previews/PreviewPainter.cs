namespace RenderFarm.Diffusion.Previews;

/// <summary>Turns what the network sees in a latent into small pictures.</summary>
internal sealed class PreviewPainter(PreviewOptions options, LatentColors colors, int height, int width)
{
    public int EverySteps => options.EverySteps;

    /// <summary>Height and width are the latent's.</summary>
    public void Show(int index, int step, int steps, ReadOnlySpan<float> denoised) =>
        options.Sink.Report(new Preview(index, step, steps, width, height, colors.Paint(denoised)));
}
