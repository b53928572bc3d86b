using RenderFarm.Diffusion;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.ModelCache;

/// <summary>Has the model of a batch on this machine before another renderer begins it; while it is fetched, its slot loads.</summary>
internal sealed class FetchingRenderer(IRenderer inner, ModelFetch fetch, StoreShelf shelf, ModelCatalog catalog, WorkerIdentity me) : IRenderer
{
    private readonly SlotStatus?[] _fetching = new SlotStatus?[me.Slots];

    public IReadOnlyList<string> WarmModels => inner.WarmModels;

    public long ResidentBytes => inner.ResidentBytes;

    public IReadOnlyList<SlotStatus> Slots => [.. inner.Slots.Select((status, slot) => Volatile.Read(ref _fetching[slot]) ?? status)];

    public async Task RenderAsync(int slot, RenderWork work, IProgress<StepProgress> steps, IProgress<RowResult> rows, CancellationToken stop)
    {
        if (catalog.Find(work.Model) is not { Place: ModelResidence.Store or ModelResidence.Fetched })
        {
            await inner.RenderAsync(slot, work, steps, rows, stop);
            return;
        }

        var reports = new RowReports(work.Rows.Count, rows);
        try
        {
            using var model = await UseAsync(slot, work, stop);
            await inner.RenderAsync(slot, work with { Folder = model.Folder }, steps, reports, stop);
        }
        catch (ModelFetchException ex)
        {
            reports.Fault(reports.Open, ex.Fault);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            reports.Fault(reports.Open, RowFault.Stopped);
        }
    }

    private async Task<ModelInUse> UseAsync(int slot, RenderWork work, CancellationToken stop)
    {
        var manifest = shelf.Find(work.ModelDigest)
            ?? throw new ModelFetchException(ErrorClass.Worker, $"The store has no model '{work.Model}' of the digest {work.ModelDigest}.");
        if (shelf.WhyAside(manifest.Digest) is { } earlier)
        {
            // Leases that were offered before the coordinators knew.
            throw new ModelFetchException(earlier.Class, earlier.Message, earlier);
        }

        Volatile.Write(ref _fetching[slot], new SlotStatus(SlotBoard.Loading, work.Model, 0, 0));
        try
        {
            var model = await fetch.UseAsync(manifest, stop);
            shelf.Offer();
            return model;
        }
        catch (ModelFetchException fault) when (!fault.IsPassing)
        {
            shelf.SetAside(manifest.Digest, fault);
            throw;
        }
        finally
        {
            Volatile.Write(ref _fetching[slot], null);
        }
    }
}
