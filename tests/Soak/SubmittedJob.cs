namespace RenderFarm.Soak;

/// <summary>A job that the farm has acknowledged: from then on it owes every frame.</summary>
internal sealed class SubmittedJob(Guid id, long frames)
{
    public Guid Id { get; } = id;

    public long Frames { get; } = frames;

    /// <summary>Images that the farm had when it acknowledged a cancel: it must never have more. Null for a job that nobody cancelled.</summary>
    public long? RenderedAtCancel { get; set; }
}
