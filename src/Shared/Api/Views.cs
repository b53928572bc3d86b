namespace RenderFarm.Shared.Api;

/// <summary>A worker as the API shows it.</summary>
public sealed record WorkerView
{
    /// <summary>Name, stable over restarts.</summary>
    public required string Name { get; init; }

    /// <summary>Grows with each start.</summary>
    public required long Epoch { get; init; }

    /// <summary>State.</summary>
    public required WorkerState State { get; init; }

    /// <summary>Why it is drained, by an operator or by its strikes; null when nobody ordered it to drain.</summary>
    public string? DrainReason { get; init; }

    /// <summary>Program version.</summary>
    public required string Version { get; init; }

    /// <summary><c>cpu</c>, <c>cuda:N</c> or <c>tensorrt:N</c>.</summary>
    public required string Device { get; init; }

    /// <summary>Batches at a time.</summary>
    public required int Slots { get; init; }

    /// <summary>What each slot is doing; empty from a worker that does not say.</summary>
    public IReadOnlyList<SlotView> SlotStatus { get; init; } = [];

    /// <summary>Leases it holds.</summary>
    public required int Leases { get; init; }

    /// <summary>Frames of those leases not yet committed.</summary>
    public required long Rendering { get; init; }

    /// <summary>Frames committed by this epoch.</summary>
    public required long Rendered { get; init; }

    /// <summary>Strikes of this epoch that stand: neither void nor forgiven.</summary>
    public int Strikes { get; init; }

    /// <summary>Models and jobs that it is not given.</summary>
    public IReadOnlyList<BlockView> Blocks { get; init; } = [];

    /// <summary>Models whose pipelines are loaded.</summary>
    public required IReadOnlyList<string> WarmModels { get; init; }

    /// <summary>Memory of the warm pipelines.</summary>
    public required long ResidentBytes { get; init; }

    /// <summary>Budget for warm pipelines.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Finished pictures that it has not stored or committed yet.</summary>
    public long SpoolBytes { get; init; }

    /// <summary>Whether it cannot reach the artifact store at the moment.</summary>
    public bool StoreIsAway { get; init; }

    /// <summary>When this epoch joined.</summary>
    public required DateTimeOffset JoinedAt { get; init; }

    /// <summary>Last heartbeat.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }
}

/// <summary>What a slot of a worker is doing.</summary>
public sealed record SlotView
{
    /// <summary><c>idle</c>, <c>loading</c>, <c>rendering</c> or <c>restarting</c>.</summary>
    public required string State { get; init; }

    /// <summary>Model that it loads or renders with.</summary>
    public string? Model { get; init; }

    /// <summary>Steps done of the batch.</summary>
    public int Step { get; init; }

    /// <summary>Steps of the batch.</summary>
    public int Steps { get; init; }
}

/// <summary>A model or a job that a worker is not given.</summary>
public sealed record BlockView
{
    /// <summary>Model name; null for a job.</summary>
    public string? Model { get; init; }

    /// <summary>Job id; null for a model.</summary>
    public Guid? Job { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>From when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>Until when; null for until somebody lifts it.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>A model as the API shows it.</summary>
public sealed record ModelView
{
    /// <summary>Name, as jobs ask for it.</summary>
    public required string Name { get; init; }

    /// <summary>SHA-256 over its files; null when every copy is broken.</summary>
    public string? Digest { get; init; }

    /// <summary>For example <c>sd1</c>.</summary>
    public string? Family { get; init; }

    /// <summary>Pixels.</summary>
    public int DefaultWidth { get; init; }

    /// <summary>Pixels.</summary>
    public int DefaultHeight { get; init; }

    /// <summary>Pixels: width and height are multiples of it.</summary>
    public int SizeMultiple { get; init; }

    /// <summary>Size of the weights.</summary>
    public long Bytes { get; init; }

    /// <summary>Workers that can render with it and have it on their disks.</summary>
    public required IReadOnlyList<string> Workers { get; init; }

    /// <summary>Workers that have it warm.</summary>
    public required IReadOnlyList<string> WarmOn { get; init; }

    /// <summary>Whether it lies in the farm's store, from where workers that have a folder for it fetch it when a job asks for it.</summary>
    public bool IsInStore { get; init; }

    /// <summary>Why it cannot be used, when it cannot.</summary>
    public string? Problem { get; init; }
}

/// <summary>A page of a list; pass <c>cursor</c> back for the next one.</summary>
public sealed record Page<T>
{
    /// <summary>The items, in the list's order.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Null on the last page.</summary>
    public string? Cursor { get; init; }
}
