using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger;

internal sealed class ModelJob
{
    public required List<ModelFrame> Frames { get; init; }

    public JobState State { get; set; } = JobState.Queued;

    public bool IsTerminal => State is JobState.Completed or JobState.Failed or JobState.Cancelled;
}

internal sealed class ModelFrame
{
    public required long Index { get; init; }

    public FrameState? State { get; set; }

    public Guid? HeldBy { get; set; }

    public Guid? SettledBy { get; set; }

    public int Tries { get; set; }

    public int Crashes { get; set; }

    public bool IsAlone { get; set; }

    public SortedSet<string> TriedWorkers { get; } = new(StringComparer.Ordinal);
}

internal sealed class ModelAttempt
{
    public required LeaseOffered Offer { get; init; }

    public required string Worker { get; init; }

    public bool IsLive { get; set; } = true;

    /// <summary>Its deadline has passed already.</summary>
    public bool IsOverdue { get; set; }

    /// <summary>Frames whose objects its worker has deleted.</summary>
    public HashSet<long> Refused { get; } = [];

    public bool Holds(long index) => index >= Offer.Frames[0].Index && index <= Offer.Frames[^1].Index;
}
