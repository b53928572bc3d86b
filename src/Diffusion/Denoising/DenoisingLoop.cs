using Microsoft.ML.OnnxRuntime;

namespace RenderFarm.Diffusion.Denoising;

/// <summary>Takes all rows of a batch from noise to latents, every step in one run of the UNet.</summary>
internal sealed class DenoisingLoop(Unet unet, Prediction prediction, int height, int width)
{
    public void Run(IReadOnlyList<Row> rows, RunOptions options, IProgress<StepProgress>? progress, CancellationToken ct)
    {
        var steps = rows.Max(row => row.Steps);
        Row[] active = [];
        UnetBatch? batch = null;
        for (var i = 0; i < steps; i++)
        {
            ct.ThrowIfCancellationRequested();

            // 1. Rows with fewer steps leave; the others close up.
            if (batch is null || SomeEnd(active, i))
            {
                (active, batch) = Gather(rows, i);
            }

            // 2. Scale the inputs, 3. predict, 4. guide and step.
            var firstUnetRow = 0;
            foreach (var row in active)
            {
                row.Prepare(i, batch, firstUnetRow);
                firstUnetRow += row.UnetRows;
            }

            unet.Run(batch, options, ct);
            firstUnetRow = 0;
            foreach (var row in active)
            {
                if (!row.Advance(i, batch, firstUnetRow, prediction))
                {
                    throw new NonFiniteLatentsException(row.Index, i + 1, row.Request);
                }

                firstUnetRow += row.UnetRows;
            }

            // 5. Report.
            progress?.Report(new StepProgress(i + 1, steps));
        }
    }

    private (Row[] Active, UnetBatch Batch) Gather(IReadOnlyList<Row> rows, int step)
    {
        Row[] active = [.. rows.Where(row => row.Steps > step)];
        var batch = unet.Batch(active.Sum(row => row.UnetRows), height, width);
        var firstUnetRow = 0;
        foreach (var row in active)
        {
            row.Guidance.WriteConditioning(batch, firstUnetRow);
            firstUnetRow += row.UnetRows;
        }

        return (active, batch);
    }

    // Written out, because a closure would be allocated at every step.
    private static bool SomeEnd(Row[] active, int steps)
    {
        foreach (var row in active)
        {
            if (row.Steps <= steps)
            {
                return true;
            }
        }

        return false;
    }
}
