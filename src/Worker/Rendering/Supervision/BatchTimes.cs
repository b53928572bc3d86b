using System.Collections.Concurrent;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>How long the parts of batches took lately, of all slots.</summary>
internal sealed class BatchTimes
{
    // Enough for the slowest of a hundred, few enough to follow a device that becomes slower.
    private const int Kept = 256;
    private const double Percentile = 0.99;

    // Far more than a worker's jobs have at a time; what is forgotten is measured again.
    private const int Kinds = 1024;
    private readonly ConcurrentDictionary<(BatchKind, BatchPart), Queue<TimeSpan>> _times = [];

    public void Add(BatchKind kind, BatchPart part, TimeSpan took)
    {
        if (_times.Count > Kinds)
        {
            _times.Clear();
        }

        var times = _times.GetOrAdd((kind, part), _ => new Queue<TimeSpan>(Kept));
        lock (times)
        {
            times.Enqueue(took);
            if (times.Count > Kept)
            {
                times.Dequeue();
            }
        }
    }

    /// <summary>What 99 of 100 took at most; null when none was measured.</summary>
    public TimeSpan? P99(BatchKind kind, BatchPart part)
    {
        if (!_times.TryGetValue((kind, part), out var times))
        {
            return null;
        }

        lock (times)
        {
            var sorted = times.Order().ToArray();
            return sorted.Length == 0 ? null : sorted[(int)Math.Ceiling(sorted.Length * Percentile) - 1];
        }
    }
}

/// <summary>Batches that should take equally long.</summary>
internal readonly record struct BatchKind(string Model, int Width, int Height, int Rows, int BestOf, bool HasSecondPass)
{
    public static BatchKind Of(RenderWork work)
    {
        var (offer, settings) = (work.Offers[0], work.Offers[0].Settings);
        return new BatchKind(work.Model, settings.Width ?? 0, settings.Height ?? 0, work.Rows.Count, offer.BestOf, settings.Hires is not null);
    }

    public override string ToString() => $"{Width}x{Height}, {Rows} rows";
}

/// <summary>Parts of a batch: to the end of the first step, a further step, from the last one to the end.</summary>
internal enum BatchPart
{
    Start,
    Step,
    Finish,
}
