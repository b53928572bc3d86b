using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Slots;

/// <summary>Renders one batch after the other, for as long as the worker runs. Each of the worker's slots runs this loop.</summary>
internal sealed class Slot(HeldLeases leases, IRenderer renderer, BatchRows rows, StepFeed steps)
{
    public async Task RunAsync(int slot, CancellationToken cancellationToken)
    {
        while (true)
        {
            // A slot that is stopped takes no more, however much there is.
            cancellationToken.ThrowIfCancellationRequested();
            using var batch = await leases.NextBatchAsync(cancellationToken);
            await RunOnceAsync(slot, batch);
        }
    }

    /// <summary>Renders a batch; whatever goes wrong ends leases, never the loop. Its last pictures may come after this returned.</summary>
    public async Task RunOnceAsync(int slot, Batch batch)
    {
        RenderWork work;
        try
        {
            work = rows.Work(batch);
        }
        catch (Exception ex)
        {
            rows.GiveUp(batch, ex);
            return;
        }

        var reports = new RowReports(batch.Rows.Count, rows.Of(batch));
        try
        {
            await renderer.RenderAsync(slot, work, steps.For(slot, batch), reports, batch.Stop);
        }
        catch (Exception ex)
        {
            reports.Fault(reports.Open, RowFault.OfWorker($"The batch could not be rendered: {ex.Message}"));
        }
    }
}

/// <summary>Runs as many slots as the worker has.</summary>
internal sealed class SlotLoops(Slot slot, WorkerIdentity me) : IWorkerLoop
{
    public Task RunAsync(CancellationToken cancellationToken) =>
        Lanes.RunAsync(Enumerable.Range(0, me.Slots).Select(number => (Func<CancellationToken, Task>)(stop => slot.RunAsync(number, stop))), cancellationToken);
}
