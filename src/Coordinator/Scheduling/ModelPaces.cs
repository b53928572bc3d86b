using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>How long frames of each model take, so that a job that is not begun is cut into leases like those before it.</summary>
internal sealed class ModelPaces(FrameLedger ledger, TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    // Long enough to find each of the models that are in use.
    private const int RecentJobs = 256;

    private IReadOnlyDictionary<string, double> _ended = new Dictionary<string, double>();
    private long? _readAt;

    /// <summary>Gives the spans of jobs without a rendered frame the time that their work would take at the pace of others with the same model.</summary>
    public async Task<IReadOnlyList<Demand>> FillAsync(IReadOnlyList<Demand> demand, CancellationToken cancellationToken)
    {
        // A single frame is a lease whatever it takes, and nobody who submits one should wait for the answer.
        if (demand.All(span => span.FrameTime is not null || span.Count == 1))
        {
            return demand;
        }

        if (_readAt is not { } readAt || time.GetElapsedTime(readAt) >= Fresh)
        {
            _ended = await ledger.PacesAsync(RecentJobs, cancellationToken);
            _readAt = time.GetTimestamp();
        }

        return Fill(demand, _ended);
    }

    /// <summary>The same, from paces in milliseconds for a unit of work; jobs that are being rendered go before them.</summary>
    internal static IReadOnlyList<Demand> Fill(IReadOnlyList<Demand> demand, IReadOnlyDictionary<string, double> ended)
    {
        var running = demand.Where(span => span.FrameTime is not null)
            .GroupBy(span => span.ModelDigest)
            .ToDictionary(spans => spans.Key, spans => spans.Average(span => span.FrameTime!.Value.TotalMilliseconds / span.Work));
        return [.. demand.Select(span => span.FrameTime is null && PaceOf(span) is { } pace ? span with { FrameTime = TimeSpan.FromMilliseconds(pace * span.Work) } : span)];

        double? PaceOf(Demand span) => running.TryGetValue(span.ModelDigest, out var pace) || ended.TryGetValue(span.ModelDigest, out pace) ? pace : null;
    }
}
