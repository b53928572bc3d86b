using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Reads workers for the API and the dashboard.</summary>
internal sealed class WorkerQueries(IDbContextFactory<FarmDb> databases)
{
    /// <summary>All workers that the farm remembers, by name.</summary>
    public async Task<IReadOnlyList<WorkerView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var workers = await db.Workers.AsNoTracking().OrderBy(worker => worker.Name).ToListAsync(cancellationToken);
        var leases = (await db.Leases
            .Select(lease => new
            {
                lease.Worker,
                lease.WorkerEpoch,
                Rendering = lease.Count - db.Frames.Count(frame => frame.JobId == lease.JobId && frame.Index >= lease.First && frame.Index < lease.First + lease.Count),
            })
            .ToListAsync(cancellationToken))
            .ToLookup(lease => (lease.Worker, lease.WorkerEpoch), lease => (long)lease.Rendering);
        return [.. workers.Select(worker => new WorkerView
        {
            Name = worker.Name,
            Epoch = worker.Epoch,
            State = worker.State,
            Version = worker.Version,
            Device = worker.Device,
            Slots = worker.Slots,
            Leases = leases[(worker.Name, worker.Epoch)].Count(),
            Rendering = leases[(worker.Name, worker.Epoch)].Sum(),
            Rendered = worker.Rendered,
            WarmModels = worker.WarmModels,
            ResidentBytes = worker.ResidentBytes,
            MemoryBytes = worker.MemoryBytes,
            JoinedAt = worker.JoinedAt,
            LastSeenAt = worker.LastSeenAt,
        })];
    }
}
