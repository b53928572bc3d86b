using System.Collections.Frozen;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>Frames that wait at the head of a span.</summary>
/// <param name="JobId">Job.</param>
/// <param name="First">First frame of the span.</param>
/// <param name="Count">Frames of the span.</param>
/// <param name="Model">Model name.</param>
/// <param name="ModelDigest">Digest the job was accepted for.</param>
/// <param name="Class">Class of the job.</param>
/// <param name="Work">Steps times pixels of a frame.</param>
/// <param name="FrameTime">Mean render time of a frame, of the job's so far or of others with this model; null when nothing tells.</param>
/// <param name="LeaseLimit">Frames of one lease at most.</param>
/// <param name="Alone">Its frames are rendered one by one.</param>
/// <param name="TriedWorkers">Workers that failed on these frames, joined by a space.</param>
internal sealed record Demand(
    Guid JobId, long First, long Count, string Model, string ModelDigest, JobClass Class, double Work, TimeSpan? FrameTime, int LeaseLimit, bool Alone = false, string TriedWorkers = "");

/// <summary>A worker that may be offered leases.</summary>
/// <param name="Name">Name.</param>
/// <param name="Epoch">Epoch.</param>
/// <param name="Slots">Batches at a time.</param>
/// <param name="Window">Leases at a time.</param>
/// <param name="BatchSize">Frames of a batch.</param>
/// <param name="Leases">Leases it holds.</param>
/// <param name="Frames">Frames of those leases not committed yet.</param>
/// <param name="Digests">Digests of the models it can render with.</param>
/// <param name="WarmModels">Names of the models it has warm.</param>
internal sealed record Supply(
    string Name, long Epoch, int Slots, int Window, int BatchSize, int Leases, long Frames, IReadOnlySet<string> Digests, IReadOnlySet<string> WarmModels)
{
    /// <summary>Names of models that it is not to be given.</summary>
    public IReadOnlySet<string> BlockedModels { get; init; } = FrozenSet<string>.Empty;

    /// <summary>Jobs that it is not to be given.</summary>
    public IReadOnlySet<Guid> BlockedJobs { get; init; } = FrozenSet<Guid>.Empty;

    /// <summary>Whether it may be given frames of this span, ever.</summary>
    public bool May(Demand span) => Digests.Contains(span.ModelDigest) && !BlockedModels.Contains(span.Model) && !BlockedJobs.Contains(span.JobId);
}

/// <summary>A lease to offer.</summary>
internal sealed record PlacedLease(Guid JobId, long First, int Count, string Worker, long Epoch, string TriedWorkers = "");

/// <summary>Chooses who renders what next. Pure: the same demand and supply give the same leases.</summary>
internal static class Placement
{
    /// <summary>Places demand, in the order given, until the windows are full or nothing fits.</summary>
    public static IReadOnlyList<PlacedLease> Choose(IReadOnlyList<Demand> demand, IReadOnlyList<Supply> supply)
    {
        var loads = supply.Select(x => new Load(x)).ToList();
        var placed = new List<PlacedLease>();
        var backlogs = new Backlogs(demand);
        foreach (var span in demand)
        {
            var able = Untried(span, [.. loads.Where(x => x.Worker.May(span))]);
            var (first, left) = (span.First, span.Count);
            while (left > 0 && Best(able, span.Model) is { } load)
            {
                var count = span.Alone ? 1 : Math.Min(span.LeaseLimit, LeaseSize.For(left, backlogs.Of(span), span.FrameTime, load.Worker.BatchSize, able.Sum(x => x.Worker.Slots)));
                placed.Add(new PlacedLease(span.JobId, first, count, load.Worker.Name, load.Worker.Epoch, span.TriedWorkers));
                load.Leases++;
                load.Frames += count;
                backlogs.Take(span, count);
                first += count;
                left -= count;
            }
        }

        return placed;
    }

    /// <summary>Workers that have not failed on these frames; all of them when there is no other, be it a busy one.</summary>
    private static List<Load> Untried(Demand span, List<Load> able)
    {
        var tried = span.TriedWorkers.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var others = able.Where(x => !tried.Contains(x.Worker.Name)).ToList();
        return others.Count > 0 ? others : able;
    }

    // An idle slot first (also a cold one: waiting behind a warm worker's batch is no faster than a load for long work), then warm, then the shortest backlog.
    private static Load? Best(List<Load> loads, string model) => loads
        .Where(x => x.Leases < x.Worker.Window)
        .OrderBy(x => x.Leases >= x.Worker.Slots)
        .ThenBy(x => !x.Worker.WarmModels.Contains(model))
        .ThenBy(x => x.Frames)
        .ThenBy(x => x.Worker.Name, StringComparer.Ordinal)
        .FirstOrDefault();

    /// <summary>Frames of all spans that the same workers can take. Those of interactive jobs count apart: people wait for them, and they are spread over whoever is free.</summary>
    private sealed class Backlogs
    {
        private readonly Dictionary<(string, bool), long> _frames = [];

        public Backlogs(IReadOnlyList<Demand> demand)
        {
            foreach (var span in demand)
            {
                Take(span, -span.Count);
            }
        }

        public long Of(Demand span) => _frames.GetValueOrDefault(Key(span));

        public void Take(Demand span, long count) => _frames[Key(span)] = Of(span) - count;

        private static (string, bool) Key(Demand span) => (span.ModelDigest, span.Class == JobClass.Interactive);
    }

    private sealed class Load(Supply worker)
    {
        public Supply Worker { get; } = worker;

        public int Leases { get; set; } = worker.Leases;

        public long Frames { get; set; } = worker.Frames;
    }
}
