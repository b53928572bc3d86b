using RenderFarm.Worker.ModelCache;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Membership;

/// <summary>What a worker does before it joins: it looks at its models, waits for the store, looks at the models there, and reports what an earlier process left in the spool.</summary>
internal sealed class Arrival(ModelCatalog catalog, StoreLink store, StoreShelf shelf, Leftovers leftovers)
{
    private volatile string? _waitsFor = "The models are still being read.";

    /// <summary>What it waits for; null when it waits for nothing more.</summary>
    public string? WaitsFor => _waitsFor == StoreAway ? $"{StoreAway} {store.Problem}" : _waitsFor;

    private const string StoreAway = "Waiting for the artifact store:";

    /// <summary>Ends when the worker may join.</summary>
    public async Task ReadyAsync(CancellationToken cancellationToken)
    {
        await Task.Run(() => catalog.Scan(cancellationToken), cancellationToken);
        _waitsFor = StoreAway;
        await store.Seen.WaitAsync(cancellationToken);
        await shelf.LookAsync(cancellationToken);
        _waitsFor = "Pictures of an earlier process are being stored and reported.";
        await leftovers.ReportedAsync(cancellationToken);
        _waitsFor = null;
    }
}
