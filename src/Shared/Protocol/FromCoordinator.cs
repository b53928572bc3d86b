using RenderFarm.Shared.Settings;

namespace RenderFarm.Shared.Protocol;

/// <summary>Frames that one worker may render now. Everything needed is inside: the worker asks nobody.</summary>
/// <param name="AttemptId">Random; names this lease for ever.</param>
/// <param name="Fence">Grows with each lease of the job.</param>
/// <param name="JobId">Job.</param>
/// <param name="Tenant">First part of the artifact keys.</param>
/// <param name="Model">Model name.</param>
/// <param name="ModelDigest">Digest the job was accepted for.</param>
/// <param name="Settings">Settings of all frames, with width and height set; prompt and seed are the frames' own.</param>
/// <param name="Output">How they are stored.</param>
/// <param name="Prompts">Distinct prompts of the frames.</param>
/// <param name="Frames">The frames, by growing index.</param>
/// <param name="BestOf">Pictures to render for each frame, with the seeds from its own on, of which the best is kept.</param>
/// <param name="Alone">Its only frame is rendered without batch mates: a render process has died over it before.</param>
public sealed record LeaseOffered(
    Guid AttemptId, long Fence, Guid JobId, string Tenant, string Model, string ModelDigest, RenderSettings Settings, OutputSettings Output,
    IReadOnlyList<string> Prompts, IReadOnlyList<LeasedFrame> Frames, int BestOf = 1, bool Alone = false);

/// <summary>One frame of an offer.</summary>
/// <param name="Index">Index in the job.</param>
/// <param name="Seed">Seed of its noise.</param>
/// <param name="Prompt">Index into the offer's prompts.</param>
public sealed record LeasedFrame(long Index, long Seed, int Prompt);

/// <summary>Answer to <see cref="FramesRendered"/>: refused frames are somebody else's now, and the worker deletes its objects of them.</summary>
public sealed record FramesCommitted(Guid AttemptId, IReadOnlyList<long> Committed, IReadOnlyList<long> Refused);

/// <summary>Leases that the worker no longer holds: it stops rendering them at the next step.</summary>
/// <param name="Attempts">The leases.</param>
/// <param name="Reason">For people.</param>
/// <param name="MayCommit">What is rendered already is reported all the same, and the answer decides. Otherwise nobody wants it.</param>
public sealed record LeasesRevoked(IReadOnlyList<Guid> Attempts, string Reason, bool MayCommit = false);

/// <summary>The coordinator does not know this worker (any more): it answers with <see cref="WorkerJoined"/>.</summary>
public sealed record RejoinRequested(string Worker, long Epoch);

/// <summary>The worker finishes what it has, or hands it back at a step's end, and takes no more until it is asked to resume.</summary>
/// <param name="Worker">Name.</param>
/// <param name="Epoch">Epoch of the process.</param>
/// <param name="Reason">For people; comes back with its heartbeats.</param>
public sealed record DrainRequested(string Worker, long Epoch, string Reason);

/// <summary>A worker that was asked to drain takes leases again.</summary>
public sealed record ResumeRequested(string Worker, long Epoch);

/// <summary>Transient, between coordinators: something of the job changed; readers look it up.</summary>
public sealed record JobChanged(Guid JobId, long Version);

/// <summary>Transient, between coordinators: a worker joined, changed or left.</summary>
public sealed record WorkersChanged(string Worker);
