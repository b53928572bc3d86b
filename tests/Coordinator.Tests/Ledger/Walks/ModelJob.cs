using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

internal sealed class ModelJob
{
    public required Job Job { get; init; }

    public required List<ModelFrame> Frames { get; init; }

    public JobState State { get; set; } = JobState.Queued;

    public bool HasStarted { get; set; }

    public long LastFence { get; set; }

    public bool CanLease => State is JobState.Queued or JobState.Running;

    public bool IsTerminal => State is JobState.Completed or JobState.Failed or JobState.Cancelled;
}

internal sealed class ModelFrame
{
    public required Guid JobId { get; init; }

    public required long Index { get; init; }

    public FrameState State { get; set; } = FrameState.Waiting;

    /// <summary>Attempt that holds or has settled it.</summary>
    public Guid By { get; set; }

    public Strikes Strikes { get; set; } = Strikes.None;

    public DateTimeOffset AvailableAt { get; set; }

    public DateTimeOffset QuarantinedAt { get; set; }
}

internal sealed class ModelAttempt
{
    public required LeaseOffered Offer { get; init; }

    public required string Worker { get; init; }

    public required long Epoch { get; init; }

    public bool IsAccepted { get; set; }

    /// <summary>Null while it lives.</summary>
    public AttemptOutcome? Outcome { get; set; }

    public DateTimeOffset AcceptBy { get; set; }

    public DateTimeOffset? LeaseUntil { get; set; }

    public int Rendered { get; set; }

    /// <summary>Frames whose objects its worker was told to delete.</summary>
    public HashSet<long> Refused { get; } = [];

    public bool IsLive => Outcome is null;

    public string State => Outcome?.ToString() ?? (IsAccepted ? "Accepted" : "Offered");

    public long First => Offer.Frames[0].Index;

    public bool Holds(long index) => index >= First && index <= Offer.Frames[^1].Index;
}
