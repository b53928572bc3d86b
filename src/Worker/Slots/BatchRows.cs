using RenderFarm.Shared;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Slots;

/// <summary>Batches as the renderer takes them, and where their rows go from there: to be uploaded, or back.</summary>
internal sealed class BatchRows(HeldLeases leases, ModelCatalog catalog, SpoolFolder spool, FrameUploads uploads)
{
    /// <summary>The batch as plain data.</summary>
    public RenderWork Work(Batch batch)
    {
        var offers = batch.Rows.Select(row => row.Lease.Offer).Distinct().ToList();
        var model = catalog.Find(offers[0].Model) ?? throw new InvalidOperationException($"The model '{offers[0].Model}' is not in this worker's folder.");
        return new RenderWork(
            model.Name,
            offers[0].ModelDigest,
            model.Bytes,
            // Of the frames, the renderer needs its rows' alone.
            [.. offers.Select(offer => offer with { Frames = [] })],
            [.. batch.Rows.Select(row => new RenderRow(offers.IndexOf(row.Lease.Offer), row.Frame, spool.FileOf(row.Lease.Offer, row.Frame.Index)))]);
    }

    /// <summary>What the batch's rows are reported to.</summary>
    public IProgress<RowResult> Of(Batch batch) => new Rows(this, batch.Rows);

    private void PassOn(BatchRow row, RowResult result)
    {
        if (result.Picture is { } picture)
        {
            WorkerMetrics.Rendered(row.Lease.Offer.Model, picture.RenderTime);
            uploads.Add(new FinishedFrame(row, spool.FileOf(row.Lease.Offer, row.Frame.Index), picture));
        }
        else if (result.Fault is { ErrorClass: ErrorClass.Request } atFault)
        {
            leases.Fail(row.Lease, row.Frame.Index, atFault.Message);
        }
        else
        {
            var ending = result.Fault is { ErrorClass: not null } fault ? new LeaseEnding(fault.Outcome, fault.ErrorClass, fault.Message, fault.Evidence) : HeldLeases.Released;
            leases.GiveUp(row.Lease, [row.Frame.Index], ending);
        }
    }

    private sealed class Rows(BatchRows owner, IReadOnlyList<BatchRow> rows) : IProgress<RowResult>
    {
        public void Report(RowResult value) => owner.PassOn(rows[value.Row], value);
    }
}
