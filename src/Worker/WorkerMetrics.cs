using System.Diagnostics.Metrics;
using RenderFarm.Shared;

namespace RenderFarm.Worker;

/// <summary>What a worker measures.</summary>
internal static class WorkerMetrics
{
    private static readonly Meter Meter = new(Telemetry.Worker);
    private static readonly Histogram<double> FrameDuration = Meter.CreateHistogram<double>(Telemetry.FrameDuration, "s");
    private static readonly Histogram<double> LoadDuration = Meter.CreateHistogram<double>(Telemetry.PipelineLoadDuration, "s");

    public static void Rendered(string model, TimeSpan duration) => FrameDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("model", model));

    public static void Loaded(string model, TimeSpan duration) => LoadDuration.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("model", model));
}
