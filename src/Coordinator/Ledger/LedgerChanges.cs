using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Rows that a transaction writes, in the order of the properties.</summary>
internal sealed class LedgerChanges
{
    /// <summary>Jobs of which all spans go.</summary>
    public List<Guid> ClearedJobs { get; } = [];

    public List<Span> DeletedSpans { get; } = [];

    public List<Span> AddedSpans { get; } = [];

    public List<Guid> DeletedLeases { get; } = [];

    public List<Lease> AddedLeases { get; } = [];

    /// <summary>Leases that start anew: a commit is as good as a heartbeat.</summary>
    public HashSet<Guid> RenewedLeases { get; } = [];

    public List<Frame> AddedFrames { get; } = [];

    public List<Attempt> AddedAttempts { get; } = [];

    /// <summary>Frames committed after their lease had ended, by attempt.</summary>
    public Dictionary<Guid, int> LateFrames { get; } = [];

    public List<Job> Jobs { get; } = [];

    /// <summary>Frames committed, by worker and epoch.</summary>
    public Dictionary<(string Worker, long Epoch), int> WorkerFrames { get; } = [];
}
