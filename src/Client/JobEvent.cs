using RenderFarm.Shared.Api;

namespace RenderFarm.Client;

/// <summary>Something that happened to a watched job.</summary>
public abstract record JobEvent
{
    private JobEvent()
    {
    }

    /// <summary>The job changed; the last one shows its terminal state.</summary>
    public sealed record JobChanged(JobView Job) : JobEvent;

    /// <summary>A frame was rendered or given up. Comes once for each frame, however often the connection breaks.</summary>
    public sealed record FrameSettled(FrameView Frame) : JobEvent;

    /// <summary>Frames moved by a step. Some of these are lost when the connection breaks.</summary>
    public sealed record StepDone(StepView Step) : JobEvent;
}
