using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Spans of one job that a transaction has read, and what becomes of them.</summary>
internal sealed class JobSpans(Job job)
{
    private readonly Dictionary<long, Span> _read = [];
    private readonly SortedList<long, Span> _now = [];

    /// <summary>Spans to delete: read, and gone or changed.</summary>
    public IEnumerable<Span> Deleted => _read.Values.Where(span => !_now.TryGetValue(span.First, out var now) || !ReferenceEquals(span, now));

    /// <summary>Spans to insert, after the deletes.</summary>
    public IEnumerable<Span> Added => _now.Values.Where(span => !_read.TryGetValue(span.First, out var read) || !ReferenceEquals(span, read));

    public void Read(Span span)
    {
        _read.Add(span.First, span);
        _now.Add(span.First, span);
    }

    /// <summary>Takes frames off a span's head; null when there is no such span, it is shorter or not yet available, or has been struck since the plan saw it.</summary>
    public Span? TakeHead(OfferPlan plan, DateTimeOffset now)
    {
        if (!_now.TryGetValue(plan.First, out var span) || span.Count < plan.Count || span.AvailableAt > now
            || (span.Alone && plan.Count > 1) || span.TriedWorkers != plan.TriedWorkers)
        {
            return null;
        }

        Cut(span, plan.First, plan.Count);
        return span;
    }

    /// <summary>Takes one frame out of whichever span holds it.</summary>
    public bool TryTake(long index)
    {
        foreach (var span in _now.Values)
        {
            if (span.First <= index && index < span.End)
            {
                Cut(span, index, 1);
                return true;
            }
        }

        return false;
    }

    /// <summary>Frames wait again. They join neighbours with equal strikes, so that a job's spans do not crumble; the earlier moment of the two holds.</summary>
    public void PutBack(long first, long count, Strikes strikes, DateTimeOffset availableAt)
    {
        var end = first + count;
        var before = _now.Values.LastOrDefault(span => span.End == first && span.Strikes == strikes);
        if (before is not null)
        {
            _now.Remove(before.First);
            first = before.First;
            availableAt = Earlier(availableAt, before.AvailableAt);
        }

        if (_now.TryGetValue(end, out var after) && after.Strikes == strikes)
        {
            _now.Remove(after.First);
            end = after.End;
            availableAt = Earlier(availableAt, after.AvailableAt);
        }

        Add(first, end, strikes, availableAt);
    }

    private void Cut(Span span, long first, long count)
    {
        _now.Remove(span.First);
        Add(span.First, first, span.Strikes, span.AvailableAt);
        Add(first + count, span.End, span.Strikes, span.AvailableAt);
    }

    private void Add(long first, long end, Strikes strikes, DateTimeOffset availableAt)
    {
        if (first < end)
        {
            _now.Add(first, Span.Of(job, first, end - first, strikes, availableAt));
        }
    }

    private static DateTimeOffset Earlier(DateTimeOffset left, DateTimeOffset right) => left < right ? left : right;
}
