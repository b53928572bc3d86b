using System.Text.Json.Serialization;

namespace RenderFarm.Shared.Api;

/// <summary>Frames of a job that were set aside because render processes died over them, with the evidence.</summary>
public sealed record QuarantineView
{
    /// <summary>The frames, by index.</summary>
    public required IReadOnlyList<QuarantinedFrameView> Items { get; init; }

    /// <summary>The attempts that died over them, newest first; several frames may share one.</summary>
    public required IReadOnlyList<DeathView> Deaths { get; init; }

    /// <summary>Null on the last page.</summary>
    public string? Cursor { get; init; }
}

/// <summary>A frame in quarantine.</summary>
public sealed record QuarantinedFrameView
{
    /// <summary>Index in the job.</summary>
    public required long Index { get; init; }

    /// <summary>Prompt of this frame.</summary>
    public string? Prompt { get; init; }

    /// <summary>Seed of its noise.</summary>
    public required long Seed { get; init; }

    /// <summary>Why it was set aside.</summary>
    public required string Error { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>It fails then unless it is requeued before.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>Ids of the attempts that died over it, newest first.</summary>
    public required IReadOnlyList<Guid> Deaths { get; init; }
}

/// <summary>An attempt that ended in the death of its render process.</summary>
public sealed record DeathView
{
    /// <summary>Attempt.</summary>
    public required Guid AttemptId { get; init; }

    /// <summary>Worker that it happened to.</summary>
    public required string Worker { get; init; }

    /// <summary>First frame of the attempt.</summary>
    public required long First { get; init; }

    /// <summary>Frames of the attempt.</summary>
    public required int Count { get; init; }

    /// <summary>When it was offered.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When its end was reported.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    /// <summary>How it ended.</summary>
    public required AttemptOutcome Outcome { get; init; }

    /// <summary>What the worker said of it.</summary>
    public string? Message { get; init; }

    /// <summary>What the render process left behind: the tail of what it wrote, its exit code or signal.</summary>
    public string? Evidence { get; init; }
}

/// <summary>Body of <c>POST /v1/jobs/{id}/quarantine/requeue</c> and <c>/drop</c>: either these frames or all.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record QuarantineRequest
{
    /// <summary>Indexes of frames; those that are not in quarantine are left as they are.</summary>
    public IReadOnlyList<long>? Frames { get; init; }

    /// <summary>All of the job's.</summary>
    public bool All { get; init; }
}

/// <summary>What became of quarantined frames.</summary>
public sealed record QuarantineAnswer
{
    /// <summary>Frames that this call requeued or dropped.</summary>
    public required int Frames { get; init; }

    /// <summary>The job as it is then.</summary>
    public required JobView Job { get; init; }
}
