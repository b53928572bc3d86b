using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Dashboard.Elements;

/// <summary>The one colour of each state, as a class of the style sheet.</summary>
internal static class StateColour
{
    public const string Rendering = "is-rendering";
    public const string Good = "is-good";
    public const string Waiting = "is-waiting";
    public const string Draining = "is-draining";
    public const string Lost = "is-lost";

    public static string Of(JobState state) => state switch
    {
        JobState.Running => Rendering,
        JobState.Completed => Good,
        JobState.Queued or JobState.Cancelled => Waiting,
        JobState.Paused => Draining,
        JobState.Failed => Lost,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "A job state without a colour."),
    };

    public static string Of(FrameState state) => state switch
    {
        FrameState.Rendering => Rendering,
        FrameState.Rendered => Good,
        FrameState.Waiting or FrameState.Cancelled => Waiting,
        FrameState.Quarantined => Draining,
        FrameState.Failed => Lost,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "A frame state without a colour."),
    };

    public static string Of(WorkerState state, bool isRendering) => state switch
    {
        WorkerState.Ready => isRendering ? Rendering : Good,
        WorkerState.Draining => Draining,
        WorkerState.Lost => Lost,
        WorkerState.Gone => Waiting,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "A worker state without a colour."),
    };
}
