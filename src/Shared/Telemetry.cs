namespace RenderFarm.Shared;

/// <summary>Names of the meters, instruments and activity sources that both hosts publish.</summary>
public static class Telemetry
{
    /// <summary>Meter and activity source of the coordinator.</summary>
    public const string Coordinator = "RenderFarm.Coordinator";

    /// <summary>Meter and activity source of the worker.</summary>
    public const string Worker = "RenderFarm.Worker";

    /// <summary>Counter: frames committed, by model.</summary>
    public const string FramesRendered = "renderfarm.frames.rendered";

    /// <summary>Counter: frames given up, by model.</summary>
    public const string FramesFailed = "renderfarm.frames.failed";

    /// <summary>Counter: leases that ended before they were fully committed, by outcome.</summary>
    public const string LeasesEnded = "renderfarm.leases.ended";

    /// <summary>Histogram, seconds: render time of one frame.</summary>
    public const string FrameDuration = "renderfarm.frame.duration";

    /// <summary>Histogram, seconds: one match tick of the scheduler.</summary>
    public const string MatchDuration = "renderfarm.match.duration";

    /// <summary>Histogram, seconds: loading one pipeline.</summary>
    public const string PipelineLoadDuration = "renderfarm.pipeline.load.duration";
}
