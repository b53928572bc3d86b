using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Rows that a transaction writes, in the order of the properties.</summary>
internal sealed class LedgerChanges
{
    /// <summary>Jobs of which all spans go.</summary>
    public List<Guid> ClearedJobs { get; } = [];

    public List<Span> DeletedSpans { get; } = [];

    public List<Span> AddedSpans { get; } = [];

    /// <summary>Jobs of which all spans get the rank that the job has now.</summary>
    public List<Job> RankedJobs { get; } = [];

    public List<Guid> DeletedLeases { get; } = [];

    public List<Lease> AddedLeases { get; } = [];

    /// <summary>Leases that start anew: a commit is as good as a heartbeat.</summary>
    public HashSet<Guid> RenewedLeases { get; } = [];

    public List<Frame> AddedFrames { get; } = [];

    /// <summary>Quarantined frames that lose their row.</summary>
    public List<(Guid JobId, long Index)> RequeuedFrames { get; } = [];

    /// <summary>Quarantined frames that have failed, at their job's version.</summary>
    public List<(Job Job, long Index)> DroppedFrames { get; } = [];

    public List<Attempt> AddedAttempts { get; } = [];

    /// <summary>Frames committed after their lease had ended, by attempt.</summary>
    public Dictionary<Guid, int> LateFrames { get; } = [];

    /// <summary>Frames of an ended lease that were refused, all of an attempt so far.</summary>
    public Dictionary<Guid, string> Refused { get; } = [];

    public List<Job> Jobs { get; } = [];

    /// <summary>Frames committed, by worker and epoch.</summary>
    public Dictionary<(string Worker, long Epoch), int> WorkerFrames { get; } = [];
}
