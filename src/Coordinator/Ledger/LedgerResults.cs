using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>What became of a submit.</summary>
internal enum SubmitOutcome
{
    /// <summary>The job is stored.</summary>
    Created,

    /// <summary>The same request came before with this key; its job is returned.</summary>
    Existing,

    /// <summary>Another request came before with this key; its job is returned.</summary>
    Conflict,
}

/// <summary>Answer to a submit.</summary>
internal sealed record SubmitResult(SubmitOutcome Outcome, Job Job);

/// <summary>A span at the head of the queue, with what placement needs.</summary>
/// <param name="Work">Steps times pixels of a frame, of all pictures that it is the best of.</param>
/// <param name="MeanRenderMilliseconds">Of a frame of this job; null before the first one is rendered.</param>
/// <param name="LeaseLimit">Frames of one lease at most.</param>
internal sealed record WaitingSpan(
    Guid JobId, string Tenant, JobClass Class, int Priority, DateTimeOffset SubmittedAt, string Model, string ModelDigest, long First, long Count, Strikes Strikes,
    double Work, double? MeanRenderMilliseconds, int LeaseLimit);

/// <summary>A decision of the scheduler: <see cref="Count"/> frames off the head of the span at <see cref="First"/> go to a worker.</summary>
/// <param name="TriedWorkers">Of the span when it was seen; another worker may have failed on it since.</param>
internal sealed record OfferPlan(Guid AttemptId, Guid JobId, long First, int Count, string Worker, long WorkerEpoch, string TriedWorkers = "");

/// <summary>A lease that was won, ready to be sent.</summary>
internal sealed record OfferedLease(string Worker, long WorkerEpoch, LeaseOffered Offer);

/// <summary>Leases that were won; plans that are missing here lost a race and are simply planned again.</summary>
internal sealed record OfferResult(IReadOnlyList<OfferedLease> Leases, IReadOnlyList<JobChange> Jobs);

/// <summary>One answer for each report, in their order.</summary>
internal sealed record CommitResult(IReadOnlyList<FramesCommitted> Answers, IReadOnlyList<JobChange> Jobs);

/// <summary>A job that a transaction changed.</summary>
/// <param name="Rendered">Frames that this transaction committed.</param>
/// <param name="Failed">Frames that this transaction gave up.</param>
internal sealed record JobChange(Guid JobId, long Version, JobState State, string Model, int Rendered, int Failed);

/// <summary>A lease that a transaction ended.</summary>
/// <param name="WasTriedHere">Its worker had failed on its frames before.</param>
internal sealed record EndedLease(Guid AttemptId, Guid JobId, string Worker, long WorkerEpoch, AttemptOutcome Outcome, int Rendered, bool WasTriedHere = false);

/// <summary>Leases that ended before they were fully committed, and the jobs that this changed.</summary>
internal sealed record EndResult(IReadOnlyList<EndedLease> Leases, IReadOnlyList<JobChange> Jobs);

/// <summary>Answer to a cancel.</summary>
/// <param name="Job">As it is now.</param>
/// <param name="WasCancelled">False when it had ended before.</param>
/// <param name="Leases">Leases that the workers hold no longer.</param>
internal sealed record CancelResult(Job Job, bool WasCancelled, IReadOnlyList<EndedLease> Leases);

/// <summary>Answer to a pause.</summary>
/// <param name="Job">As it is now.</param>
/// <param name="WasPaused">False when it was neither queued nor running.</param>
/// <param name="Leases">Leases that the workers hold no longer.</param>
internal sealed record PauseResult(Job Job, bool WasPaused, IReadOnlyList<EndedLease> Leases);

/// <summary>Answer to a resume.</summary>
/// <param name="Job">As it is now.</param>
/// <param name="WasResumed">False when it was not paused.</param>
internal sealed record ResumeResult(Job Job, bool WasResumed);

/// <summary>Answer to a requeue or drop of quarantined frames.</summary>
/// <param name="Job">As it is now.</param>
/// <param name="Frames">How many frames were requeued or dropped.</param>
/// <param name="Jobs">The job's change, for whoever tells of it; empty when there was none.</param>
internal sealed record QuarantineResult(Job Job, int Frames, IReadOnlyList<JobChange> Jobs);
