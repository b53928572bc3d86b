namespace RenderFarm.Shared.Api;

/// <summary>Names of the server-sent events of <c>GET /v1/jobs/{id}/events</c>. Events with an id can be resumed after it; progress has none.</summary>
public static class JobEvents
{
    /// <summary>Data: <see cref="JobView"/>. Id: the job's version.</summary>
    public const string Job = "job";

    /// <summary>Data: <see cref="FrameView"/> of a settled frame. Id: the job's version at its commit.</summary>
    public const string Frame = "frame";

    /// <summary>Data: <see cref="StepView"/>. Transient.</summary>
    public const string Progress = "progress";
}

/// <summary>Frames of a job that are at a step.</summary>
/// <param name="Worker">Who renders them.</param>
/// <param name="Frames">Indexes in the job.</param>
/// <param name="Step">Steps done.</param>
/// <param name="Steps">Steps in all.</param>
public sealed record StepView(string Worker, IReadOnlyList<long> Frames, int Step, int Steps);
