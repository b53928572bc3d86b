using RenderFarm.Shared.Settings;

namespace RenderFarm.Shared.Api;

/// <summary>A job as the API shows it.</summary>
public sealed record JobView
{
    /// <summary>Time-ordered id.</summary>
    public required Guid Id { get; init; }

    /// <summary>Name given at submit.</summary>
    public required string Name { get; init; }

    /// <summary>Model name.</summary>
    public required string Model { get; init; }

    /// <summary>Digest of the model at submit.</summary>
    public required string ModelDigest { get; init; }

    /// <summary>State.</summary>
    public required JobState State { get; init; }

    /// <summary>Class.</summary>
    public required JobClass Class { get; init; }

    /// <summary>Priority within the class.</summary>
    public required int Priority { get; init; }

    /// <summary>Frames of the job.</summary>
    public required long FrameCount { get; init; }

    /// <summary>Frames stored.</summary>
    public required long Rendered { get; init; }

    /// <summary>Frames in leases, not committed.</summary>
    public required long Rendering { get; init; }

    /// <summary>Frames given up.</summary>
    public required long Failed { get; init; }

    /// <summary>Frames set aside because render processes died over them; the job ends when they are requeued and rendered, or dropped.</summary>
    public long Quarantined { get; init; }

    /// <summary>Frames that a cancel ended.</summary>
    public required long Cancelled { get; init; }

    /// <summary>Settled share of the frames, 0 to 1.</summary>
    public required double Progress { get; init; }

    /// <summary>Images per second over the job's run so far; null before the first image.</summary>
    public double? ImagesPerSecond { get; init; }

    /// <summary>Seconds to go at that rate; null when unknown or ended.</summary>
    public double? EtaSeconds { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its first frame was leased.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When its last frame was settled.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Settings with everything filled in: size, seed.</summary>
    public required RenderSettings Settings { get; init; }

    /// <summary>Pictures rendered for each frame, of which the best is kept.</summary>
    public int BestOf { get; init; } = 1;

    /// <summary>Distinct prompts.</summary>
    public required int PromptCount { get; init; }

    /// <summary>How images are stored.</summary>
    public required OutputSettings Output { get; init; }

    /// <summary>Labels given at submit.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>How long it is kept after its end, as asked for at submit.</summary>
    public TimeSpan? RetainFor { get; init; }

    /// <summary>First error of the job, if any frame failed.</summary>
    public string? Error { get; init; }

    /// <summary>Why no worker may render it now; null when one may, or in a list.</summary>
    public string? WaitReason { get; init; }

    /// <summary>Grows with every change of the job or a frame of it; the id of its events.</summary>
    public required long Version { get; init; }
}
