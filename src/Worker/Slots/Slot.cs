using RenderFarm.Shared;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Slots;

/// <summary>Renders one batch after the other, for as long as the worker runs. Each of the worker's slots runs this loop.</summary>
internal sealed class Slot(HeldLeases leases, Renderer renderer, FrameUploads uploads, StepFeed steps)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            using var batch = await leases.NextBatchAsync(cancellationToken);
            await RunOnceAsync(batch);
        }
    }

    /// <summary>Renders a batch and passes on its pictures; whatever goes wrong ends leases, never the loop.</summary>
    public async Task RunOnceAsync(Batch batch)
    {
        var left = batch.Rows.ToList();
        try
        {
            var offer = batch.Rows[0].Lease.Offer;
            var work = new RenderWork(offer.Model, offer.ModelDigest, [.. batch.Rows.Select(row => FrameRequest.Of(row.Lease.Offer, row.Frame))]);
            var result = await renderer.RenderAsync(work, steps.For(batch), batch.Stop);
            foreach (var (row, rendered) in batch.Rows.Zip(result.Rows))
            {
                await PassOnAsync(row, rendered, result.Duration / result.Rows.Count, batch.Stop);
                left.Remove(row);
            }
        }
        catch (OperationCanceledException) when (batch.Stop.IsCancellationRequested)
        {
            GiveUp(left, HeldLeases.Released);
        }
        catch (RenderFailedException ex)
        {
            GiveUp(left, new LeaseEnding(ex.Outcome, ex.ErrorClass, ex.Message));
        }
        catch (Exception ex)
        {
            GiveUp(left, new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Worker, $"The batch could not be prepared: {ex.Message}"));
        }
    }

    private async Task PassOnAsync(BatchRow row, RowResult rendered, TimeSpan perFrame, CancellationToken cancellationToken)
    {
        if (rendered.Image is { } image)
        {
            await uploads.AddAsync(new FinishedFrame(row, image, perFrame), cancellationToken);
        }
        else
        {
            leases.Fail(row.Lease, row.Frame.Index, rendered.Error ?? "The renderer gave neither a picture nor a reason.");
        }
    }

    private void GiveUp(IEnumerable<BatchRow> rows, LeaseEnding ending)
    {
        foreach (var ofLease in rows.GroupBy(row => row.Lease))
        {
            leases.GiveUp(ofLease.Key, ofLease.Count(), ending);
        }
    }
}

/// <summary>Runs as many slots as the worker has.</summary>
internal sealed class SlotLoops(Slot slot, WorkerIdentity me) : IWorkerLoop
{
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, me.Slots).Select(_ => slot.RunAsync(cancellationToken)));
}
