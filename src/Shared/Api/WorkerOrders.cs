namespace RenderFarm.Shared.Api;

/// <summary>Asks to drain a worker.</summary>
public sealed record WorkerDrain
{
    /// <summary>Why, for people; up to 500 characters.</summary>
    public string? Reason { get; init; }
}

/// <summary>Names a model or a job for which a worker is blocked or no longer blocked: one of them.</summary>
public sealed record WorkerBlocking
{
    /// <summary>Model name.</summary>
    public string? Model { get; init; }

    /// <summary>Job id.</summary>
    public string? Job { get; init; }

    /// <summary>Why, for people; up to 500 characters. Nothing for an unblock.</summary>
    public string? Reason { get; init; }
}
