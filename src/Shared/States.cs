using System.Text.Json.Serialization;

namespace RenderFarm.Shared;

/// <summary>Where a job is in its life. Completed, Failed and Cancelled are terminal: nothing leaves them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobState>))]
public enum JobState
{
    /// <summary>Stored; no frame has been leased yet.</summary>
    Queued,

    /// <summary>At least one frame has been leased.</summary>
    Running,

    /// <summary>Held by its owner; nothing of it is offered until it is resumed.</summary>
    Paused,

    /// <summary>Every frame is settled and at least one was rendered.</summary>
    Completed,

    /// <summary>Every frame is settled and none was rendered.</summary>
    Failed,

    /// <summary>Stopped by its owner; frames not rendered by then never will be.</summary>
    Cancelled,
}

/// <summary>How urgent a job is; the scheduler serves interactive before standard before batch, in shares.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JobClass>))]
public enum JobClass
{
    /// <summary>Somebody waits in front of a screen.</summary>
    Interactive,

    /// <summary>The default.</summary>
    Standard,

    /// <summary>Fills what the others leave free.</summary>
    Batch,
}

/// <summary>What the coordinator knows of a worker process.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WorkerState>))]
public enum WorkerState
{
    /// <summary>Heartbeats arrive; leases are offered.</summary>
    Ready,

    /// <summary>Finishes what it has and takes no more.</summary>
    Draining,

    /// <summary>Its heartbeat expired; its leases return when they expire.</summary>
    Lost,

    /// <summary>It said goodbye.</summary>
    Gone,
}

/// <summary>What became of one frame.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FrameState>))]
public enum FrameState
{
    /// <summary>In a span.</summary>
    Waiting,

    /// <summary>In a lease, not committed.</summary>
    Rendering,

    /// <summary>Stored; the artifact exists.</summary>
    Rendered,

    /// <summary>Given up; the error says why.</summary>
    Failed,

    /// <summary>Set aside with its evidence, because render processes died over it; it is requeued or dropped.</summary>
    Quarantined,

    /// <summary>Its job was cancelled before it was rendered.</summary>
    Cancelled,
}

/// <summary>How a lease ended.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AttemptOutcome>))]
public enum AttemptOutcome
{
    /// <summary>Every frame was committed.</summary>
    Succeeded,

    /// <summary>Some frames were committed, the rest returned to spans.</summary>
    Partial,

    /// <summary>The worker reported an error.</summary>
    Failed,

    /// <summary>The render process died.</summary>
    Crashed,

    /// <summary>The device or the host ran out of memory.</summary>
    OutOfMemory,

    /// <summary>Neither renewed nor accepted in time.</summary>
    Expired,

    /// <summary>The job was cancelled.</summary>
    Cancelled,

    /// <summary>Handed back unrendered: a drain, or a worker that left.</summary>
    Released,
}

/// <summary>Whose fault an error is, which decides who is struck and whether the frame is tried again.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ErrorClass>))]
public enum ErrorClass
{
    /// <summary>Storage, broker, database or coordinator was away: nobody is struck, the frame is tried again.</summary>
    Infrastructure,

    /// <summary>Drained, preempted or lost: nobody is struck, the frame is tried again.</summary>
    Interrupted,

    /// <summary>The worker's own fault (device error, full disk, damaged model): the frame goes elsewhere.</summary>
    Worker,

    /// <summary>The settings cannot be rendered: the frame fails at once.</summary>
    Request,

    /// <summary>The render process died: both are struck.</summary>
    Crash,

    /// <summary>Out of memory: both are struck.</summary>
    OutOfMemory,
}

/// <summary>Where a worker has a model.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ModelResidence>))]
public enum ModelResidence
{
    /// <summary>In its own model folder.</summary>
    Folder,

    /// <summary>In the farm's store: the first batch that asks for it fetches it.</summary>
    Store,

    /// <summary>In the farm's store, and fetched to the worker's machine.</summary>
    Fetched,

    /// <summary>In its own model folder, and the same in the farm's store.</summary>
    FolderAndStore,
}
