using RenderFarm.Shared;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Slots;

/// <summary>Batches as the renderer takes them, and where their rows go from there: into the spool, or back.</summary>
internal sealed class BatchRows(HeldLeases leases, ModelCatalog catalog, SpoolEntry entry)
{
    /// <summary>The batch as plain data.</summary>
    public RenderWork Work(Batch batch)
    {
        var offers = batch.Rows.Select(row => row.Lease.Offer).Distinct().ToList();
        var model = catalog.Find(offers[0].Model) ?? throw new InvalidOperationException($"The model '{offers[0].Model}' is not on this worker any more.");
        return new RenderWork(
            model.Name,
            offers[0].ModelDigest,
            model.Bytes,
            // Of the frames, the renderer needs its rows' alone.
            [.. offers.Select(offer => offer with { Frames = [] })],
            [.. batch.Rows.Zip(entry.Places(batch.Rows), (row, place) => new RenderRow(offers.IndexOf(row.Lease.Offer), row.Frame, place))]);
    }

    /// <summary>What the batch's rows are reported to.</summary>
    public IProgress<RowResult> Of(Batch batch) => new Rows(this, batch.Rows);

    /// <summary>The batch could not be begun: no row of it has a place.</summary>
    public void GiveUp(Batch batch, Exception reason)
    {
        var ending = reason is IOException or UnauthorizedAccessException ? entry.Refused(reason) : new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Worker, $"The batch could not be prepared: {reason.Message}");
        foreach (var row in batch.Rows)
        {
            leases.GiveUp(row.Lease, [row.Frame.Index], ending);
        }
    }

    private void PassOn(BatchRow row, RowResult result)
    {
        if (result.Picture is { } picture)
        {
            WorkerMetrics.Rendered(row.Lease.Offer.Model, picture.RenderTime);
            entry.Fill(row, picture);
            return;
        }

        entry.Release(row);
        if (result.Fault is { ErrorClass: ErrorClass.Request } atFault)
        {
            leases.Fail(row.Lease, row.Frame.Index, atFault.Message);
        }
        else if (result.Fault is { IsOfSpool: true } refused)
        {
            leases.GiveUp(row.Lease, [row.Frame.Index], entry.Refused(new IOException(refused.Message)));
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
