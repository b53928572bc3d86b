using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Membership;

/// <summary>What a worker holds at a moment: leases, warm pipelines, and pictures that are not committed yet.</summary>
internal sealed record Holdings(HeldLeases Leases, IRenderer Renderer, PictureSpool Spool, StoreLink Store)
{
    // Each of them is renewed by every heartbeat.
    private const int MostParked = 64;

    /// <summary>Whether there is nothing that the coordinators wait for.</summary>
    public bool IsIdle => Leases.Attempts.Count == 0 && Spool.IsEmpty;

    /// <summary>Whether pictures have nowhere to go: the store is away, and the spool is full.</summary>
    public bool IsFull => Leases.IsClosed(Closing.SpoolFull);

    /// <summary>Leases that the worker may hold beyond its window: while the store is away, those that only wait for it do not count.</summary>
    public int MoreLeases => Store.Problem is null ? 0 : Math.Min(MostParked, Leases.Parked);
}
