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
            if (batch is null || Array.Exists(active, row => row.Steps <= i))
            {
                active = [.. rows.Where(row => row.Steps > i)];
                batch = unet.Batch(active.Sum(row => row.UnetRows), height, width);
                ForEach(active, (row, first) => row.Guidance.WriteConditioning(batch, first));
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
                    throw new NonFiniteLatentsException(IndexOf(rows, row), i + 1, row.Request);
                }

                firstUnetRow += row.UnetRows;
            }

            // 5. Report.
            progress?.Report(new StepProgress(i + 1, steps));
        }
    }

    private static void ForEach(Row[] active, Action<Row, int> action)
    {
        var first = 0;
        foreach (var row in active)
        {
            action(row, first);
            first += row.UnetRows;
        }
    }

    private static int IndexOf(IReadOnlyList<Row> rows, Row row)
    {
        var index = 0;
        while (rows[index] != row)
        {
            index++;
        }

        return index;
    }
}
