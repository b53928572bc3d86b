using RenderFarm.Diffusion.Previews;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>Tells how far a batch is, over all its passes, and what its pictures look like on the way.</summary>
internal sealed class RenderProgress(int steps, IProgress<StepProgress>? progress, PreviewPainter? previews)
{
    private int _done;

    /// <summary>The prompts are encoded and the noise is drawn: the first step begins.</summary>
    public void Begin() => progress?.Report(new StepProgress(0, steps));

    /// <summary>Steps further; rows that have ended show nothing new. Height and width are the latents'.</summary>
    public void Advance(int count, IReadOnlyList<Row> rows, int height, int width)
    {
        var before = _done;
        _done = Math.Min(_done + count, steps);
        progress?.Report(new StepProgress(_done, steps));
        if (previews is null || _done / previews.EverySteps == before / previews.EverySteps)
        {
            return;
        }

        foreach (var row in rows)
        {
            if (row.IsActive)
            {
                previews.Show(row.Index, _done, steps, height, width, row.Denoised);
            }
        }
    }
}
