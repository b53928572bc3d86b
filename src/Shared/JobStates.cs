namespace RenderFarm.Shared;

/// <summary>What can be said of a job by its state alone.</summary>
public static class JobStates
{
    /// <summary>Whether nothing leaves this state.</summary>
    public static bool IsTerminal(this JobState state) => state is JobState.Completed or JobState.Failed or JobState.Cancelled;
}
