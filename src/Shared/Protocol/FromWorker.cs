namespace RenderFarm.Shared.Protocol;

/// <summary>A worker process has started, or was asked to say again what it is.</summary>
/// <param name="Worker">Name, stable over restarts.</param>
/// <param name="Epoch">Grows with every start of the process; a lower one of the same name is dead.</param>
/// <param name="Version">Program version.</param>
/// <param name="Device"><c>cpu</c>, <c>cuda:N</c> or <c>tensorrt:N</c>.</param>
/// <param name="Slots">Batches it renders at a time.</param>
/// <param name="Window">Leases it may hold at a time: slots + 1, so that the next one is at hand.</param>
/// <param name="BatchSize">Frames that go through the UNet together at most.</param>
/// <param name="MemoryBytes">Budget for warm pipelines.</param>
/// <param name="Models">What it can render with, broken ones with the reason.</param>
public sealed record WorkerJoined(
    string Worker, long Epoch, string Version, string Device, int Slots, int Window, int BatchSize, long MemoryBytes, IReadOnlyList<WorkerModel> Models);

/// <summary>One model of a worker.</summary>
/// <param name="Name">Name, as jobs ask for it.</param>
/// <param name="Digest">SHA-256 over the model's files; null when it is broken.</param>
/// <param name="Family">For example <c>sd1</c>; null when it is broken.</param>
/// <param name="DefaultWidth">Pixels.</param>
/// <param name="DefaultHeight">Pixels.</param>
/// <param name="SizeMultiple">Pixels: width and height are multiples of it.</param>
/// <param name="Bytes">Size of its weights.</param>
/// <param name="Problem">Why it cannot be rendered with; null when it can.</param>
/// <param name="Place">Where the worker has it.</param>
public sealed record WorkerModel(
    string Name, string? Digest, string? Family, int DefaultWidth, int DefaultHeight, int SizeMultiple, long Bytes, string? Problem, ModelResidence Place = ModelResidence.Folder);

/// <summary>Every two seconds: the worker lives, and renews all the leases it holds.</summary>
/// <param name="Worker">Name.</param>
/// <param name="Epoch">Epoch of the process.</param>
/// <param name="Sequence">Grows by one with each heartbeat of an epoch.</param>
/// <param name="IsDraining">Finishes what it has and takes no more.</param>
/// <param name="Attempts">Leases it holds.</param>
/// <param name="WarmModels">Models whose pipelines are loaded.</param>
/// <param name="ResidentBytes">Memory of the warm pipelines.</param>
/// <param name="Slots">What each slot is doing; null from a worker that does not say.</param>
/// <param name="SpoolBytes">Finished pictures that are not committed yet.</param>
/// <param name="DrainReason">Why it drains; null when it does not.</param>
/// <param name="StoreIsAway">Its pictures cannot be stored at the moment.</param>
public sealed record WorkerHeartbeat(
    string Worker, long Epoch, long Sequence, bool IsDraining, IReadOnlyList<Guid> Attempts, IReadOnlyList<string> WarmModels, long ResidentBytes,
    IReadOnlyList<SlotStatus>? Slots = null, long SpoolBytes = 0, string? DrainReason = null, bool StoreIsAway = false);

/// <summary>What a slot is doing.</summary>
/// <param name="State"><c>idle</c>, <c>loading</c>, <c>rendering</c> or <c>restarting</c>.</param>
/// <param name="Model">Model that it loads or renders with; null when there is none.</param>
/// <param name="Step">Steps done of the batch.</param>
/// <param name="Steps">Steps of the batch.</param>
public sealed record SlotStatus(string State, string? Model, int Step, int Steps);

/// <summary>The worker has taken an offered lease; its clock starts now.</summary>
public sealed record LeaseAccepted(string Worker, long Epoch, Guid JobId, Guid AttemptId, long Fence);

/// <summary>Frames whose artifacts are stored, to be committed. Repeated until it is answered with <see cref="FramesCommitted"/>.</summary>
public sealed record FramesRendered(string Worker, long Epoch, Guid JobId, Guid AttemptId, long Fence, IReadOnlyList<RenderedFrame> Frames);

/// <summary>One stored frame.</summary>
/// <param name="Index">Index in the job.</param>
/// <param name="Seed">Seed of its noise; of the best of several, the kept one's.</param>
/// <param name="ArtifactKey">Object key, never used by another attempt.</param>
/// <param name="Sha256">Of the stored bytes, lower-case hexadecimal.</param>
/// <param name="Bytes">Size of the stored object.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="RenderMilliseconds">The batch's render time over its frames.</param>
public sealed record RenderedFrame(long Index, long Seed, string ArtifactKey, string Sha256, long Bytes, int Width, int Height, int RenderMilliseconds);

/// <summary>A lease that ends before all its frames are committed; what is left returns to spans or fails, by error class.</summary>
/// <param name="Worker">Name.</param>
/// <param name="Epoch">Epoch of the process.</param>
/// <param name="JobId">Job.</param>
/// <param name="AttemptId">Lease.</param>
/// <param name="Fence">Fence of the lease.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="ErrorClass">Whose fault it was; null for a hand-back.</param>
/// <param name="Message">What happened, for people.</param>
/// <param name="Failed">Frames given up by name; the rest of the lease returns to spans.</param>
/// <param name="Struck">Frames that were in the render process when it failed: the error counts for these only. Null for all that are left.</param>
/// <param name="Evidence">Tail of what the render process wrote, its exit code or signal; at most 8 KiB.</param>
public sealed record LeaseEnded(
    string Worker, long Epoch, Guid JobId, Guid AttemptId, long Fence, AttemptOutcome Outcome, ErrorClass? ErrorClass, string? Message, IReadOnlyList<FailedFrame> Failed,
    IReadOnlyList<long>? Struck = null, string? Evidence = null);

/// <summary>A frame that cannot be rendered, with the reason.</summary>
public sealed record FailedFrame(long Index, string Error);

/// <summary>The process ends in good order; what it still holds returns at once.</summary>
public sealed record WorkerLeft(string Worker, long Epoch, string Reason);

/// <summary>Transient, never stored: a batch has done a step.</summary>
public sealed record StepProgressed(string Worker, Guid JobId, Guid AttemptId, IReadOnlyList<long> Frames, int Step, int Steps);
