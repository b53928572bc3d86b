using RenderFarm.Coordinator.Dashboard.Elements;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Tests.Dashboard.Elements;

public sealed class WorkerRemarksTests
{
    private static readonly Guid Job = Guid.Parse("0199a3c2-7f41-7000-8000-000000000001");

    private static readonly WorkerView Worker = new()
    {
        Name = "gpu-01",
        Epoch = 1,
        State = WorkerState.Ready,
        Version = "1",
        Device = "cpu",
        Slots = 2,
        Leases = 0,
        Rendering = 0,
        Rendered = 0,
        WarmModels = [],
        ResidentBytes = 0,
        MemoryBytes = 1,
        JoinedAt = DateTimeOffset.UnixEpoch,
        LastSeenAt = DateTimeOffset.UnixEpoch,
    };

    [Fact]
    public void A_worker_in_good_order_needs_no_remark() => Assert.Empty(WorkerRemarks.Of(Worker));

    [Fact]
    public void Everything_that_keeps_a_worker_from_work_is_remarked()
    {
        var block = new BlockView { Reason = "By hand.", Since = DateTimeOffset.UnixEpoch };

        var remarks = WorkerRemarks.Of(Worker with { DrainReason = "New cooler.", StoreIsAway = true, Strikes = 2, Blocks = [block with { Model = "emoji" }, block with { Job = Job }] });

        Assert.Equal(["Drained. New cooler.", "Cannot store pictures.", "2 strikes.", "Blocked for model emoji.", $"Blocked for job {Job}."], remarks);
    }

    [Fact]
    public void A_worker_without_steps_says_what_it_does()
    {
        Assert.Equal("nothing to do", WorkerRemarks.Doing(Worker));
        Assert.Equal("4 images leased", WorkerRemarks.Doing(Worker with { Leases = 1, Rendering = 4 }));
        Assert.Equal("loads emoji", WorkerRemarks.Doing(Worker with { Leases = 1, SlotStatus = [Slot("idle"), Slot("loading") with { Model = "emoji" }] }));
        Assert.Equal("starts its render process anew", WorkerRemarks.Doing(Worker with { SlotStatus = [Slot("restarting")] }));
    }

    [Fact]
    public void Slots_are_shown_by_what_they_do()
    {
        Assert.Equal("2", WorkerRemarks.Slots(Worker));
        Assert.Equal("rendering 7/20, idle", WorkerRemarks.Slots(Worker with { SlotStatus = [Slot("rendering") with { Step = 7, Steps = 20 }, Slot("idle")] }));
    }

    private static SlotView Slot(string state) => new() { State = state };
}
