using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Rendering;

namespace RenderFarm.Worker.Membership;

/// <summary>What this worker tells the coordinators of itself: that it joins, lives, drains and leaves.</summary>
internal sealed class FarmMembership(WorkerIdentity me, CoordinatorLink link, ModelCatalog catalog, Holdings holdings)
{
    private long _sequence;
    private volatile bool _hasJoined;

    /// <summary>Whether the worker has said that it is there.</summary>
    public bool HasJoined => _hasJoined;

    /// <summary>Says what this worker is and can render.</summary>
    public void Join()
    {
        link.Post(new WorkerJoined(
            me.Name, me.Epoch, WorkerIdentity.Version, me.Device, me.Slots, me.Window, me.BatchSize, me.MemoryBytes, catalog.Models));
        _hasJoined = true;
    }

    /// <summary>Joins, and returns when the coordinators' queue has it: a heartbeat before that would be a stranger's.</summary>
    public Task JoinAsync(CancellationToken cancellationToken)
    {
        Join();
        return link.FlushAsync(cancellationToken);
    }

    /// <summary>Says that this worker lives, and renews all leases that it holds.</summary>
    public Task<bool> BeatAsync(CancellationToken cancellationToken) => link.TrySendAsync(
        new WorkerHeartbeat(
            me.Name, me.Epoch, Interlocked.Increment(ref _sequence), holdings.Leases.IsDraining, holdings.Leases.Attempts, holdings.Renderer.WarmModels, holdings.Renderer.ResidentBytes,
            holdings.Renderer.Slots),
        cancellationToken);

    /// <summary>Says goodbye, after everything that was posted before.</summary>
    public void Leave(string reason) => link.Post(new WorkerLeft(me.Name, me.Epoch, reason));
}

/// <summary>What a worker holds at a moment: leases, and warm pipelines.</summary>
internal sealed record Holdings(HeldLeases Leases, IRenderer Renderer);
