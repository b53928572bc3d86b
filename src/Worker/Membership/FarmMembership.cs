using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Models;

namespace RenderFarm.Worker.Membership;

/// <summary>What this worker tells the coordinators of itself: that it joins, lives, drains and leaves.</summary>
internal sealed class FarmMembership(WorkerIdentity me, CoordinatorLink link, ModelCatalog catalog, Holdings holdings)
{
    private long _sequence;
    private volatile int _window = me.Window;
    private volatile IReadOnlyList<WorkerModel> _models = [];
    private volatile bool _hasJoined;

    /// <summary>Whether the worker has said that it is there.</summary>
    public bool HasJoined => _hasJoined;

    /// <summary>What of this worker is news as soon as it changes.</summary>
    public Standing Standing => new(holdings.IsIdle, holdings.Leases.DrainReason, holdings.IsFull, catalog.Models);

    /// <summary>Says what this worker is and can render.</summary>
    public void Join()
    {
        (_window, _models) = (me.Window + holdings.MoreLeases, catalog.Models);
        link.Post(new WorkerJoined(
            me.Name, me.Epoch, WorkerIdentity.Version, me.Device, me.Slots, _window, me.BatchSize, me.MemoryBytes, _models));
        _hasJoined = true;
    }

    /// <summary>Joins, and returns when the coordinators' queue has it: a heartbeat before that would be a stranger's.</summary>
    public Task JoinAsync(CancellationToken cancellationToken)
    {
        Join();
        return link.FlushAsync(cancellationToken);
    }

    /// <summary>
    /// Says that this worker lives, and renews all leases that it holds. When its window or its models have changed, it says that too; and again when
    /// it is offered more than its window, for several coordinators may hear two joins in the wrong order.
    /// </summary>
    public Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        if ((holdings.Leases.WasOverrated() || _window != me.Window + holdings.MoreLeases || _models != catalog.Models) && !holdings.Leases.IsDraining)
        {
            Join();
        }

        return link.TrySendAsync(
            new WorkerHeartbeat(
                me.Name, me.Epoch, Interlocked.Increment(ref _sequence), holdings.Leases.IsDraining, holdings.Leases.Attempts, holdings.Renderer.WarmModels, holdings.Renderer.ResidentBytes,
                holdings.Renderer.Slots, holdings.Spool.Bytes, holdings.Leases.DrainReason, holdings.IsFull),
            cancellationToken);
    }

    /// <summary>Says goodbye, after everything that was posted before.</summary>
    public void Leave(string reason) => link.Post(new WorkerLeft(me.Name, me.Epoch, reason));
}

/// <summary>How a worker stands on the farm.</summary>
internal sealed record Standing(bool IsIdle, string? DrainReason, bool IsFull, IReadOnlyList<WorkerModel> Models);
