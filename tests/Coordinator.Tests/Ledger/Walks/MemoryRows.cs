using System.Reflection;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

/// <summary>The ledger's rows of one job in memory. What a transaction changes is checked as the database's keys, constraints and compare-and-set conditions check it.</summary>
internal sealed class MemoryRows(Job job)
{
    private static readonly Func<object, object> Clone =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.NonPublic | BindingFlags.Instance)!.CreateDelegate<Func<object, object>>();

    public Job Job { get; private set; } = job;

    public SortedList<long, Span> Spans { get; } = [];

    public Dictionary<Guid, Lease> Leases { get; } = [];

    public Dictionary<Guid, Attempt> Attempts { get; } = [];

    public Dictionary<Guid, int> LateFrames { get; } = [];

    public SortedDictionary<long, (SettledFrame Frame, DateTimeOffset At)> Frames { get; } = [];

    /// <summary>A row that the rules may change without changing this one.</summary>
    public static T Copy<T>(T row)
        where T : class => (T)Clone(row);

    public void Store(Job changed)
    {
        Assert.Equal(Job.Version + 1, changed.Version);
        Assert.True(!Job.IsTerminal || (changed.State, changed.Rendered, changed.Failed, changed.Cancelled) == (Job.State, Job.Rendered, Job.Failed, Job.Cancelled), "A terminal job changed.");
        Assert.True(changed.NextFence >= Job.NextFence);
        Assert.True(Math.Min(Math.Min(changed.Rendered, changed.Failed), Math.Min(changed.Cancelled, changed.Quarantined)) >= 0);
        Assert.True(changed.Unsettled >= changed.Quarantined);
        Assert.Equal(changed.IsTerminal, changed.Unsettled == 0);
        Assert.Equal(changed.IsTerminal, changed.FinishedAt is not null);
        Assert.True(changed.State != JobState.Running || changed.StartedAt is not null);
        Job = Copy(changed);
    }

    public void DeleteSpan(Span span)
    {
        Assert.True(Spans.TryGetValue(span.First, out var stored) && stored.Count == span.Count, "A span to delete is not there.");
        Spans.Remove(span.First);
    }

    public void Rank(short rank)
    {
        foreach (var span in Spans.Values.ToList())
        {
            Spans[span.First] = new Span
            {
                JobId = span.JobId,
                First = span.First,
                Count = span.Count,
                Tries = span.Tries,
                Crashes = span.Crashes,
                Alone = span.Alone,
                TriedWorkers = span.TriedWorkers,
                AvailableAt = span.AvailableAt,
                Rank = rank,
                Priority = span.Priority,
                SubmittedAt = span.SubmittedAt,
            };
        }
    }

    /// <summary>The lease with other deadlines.</summary>
    public void Time(Lease lease, LeaseState state, DateTimeOffset acceptBy, DateTimeOffset? leaseUntil) => Leases[lease.AttemptId] = new Lease
    {
        AttemptId = lease.AttemptId,
        Fence = lease.Fence,
        JobId = lease.JobId,
        First = lease.First,
        Count = lease.Count,
        Tries = lease.Tries,
        Crashes = lease.Crashes,
        Alone = lease.Alone,
        TriedWorkers = lease.TriedWorkers,
        Worker = lease.Worker,
        WorkerEpoch = lease.WorkerEpoch,
        State = state,
        OfferedAt = lease.OfferedAt,
        AcceptBy = acceptBy,
        LeaseUntil = leaseUntil,
    };

    public void DropFrame(long index)
    {
        var (frame, at) = Frames[index];
        Assert.Equal(FrameState.Quarantined, frame.State);
        Frames[index] = (frame with { State = FrameState.Failed }, at);
    }

    public void RequeueFrame(long index)
    {
        Assert.Equal(FrameState.Quarantined, Frames[index].Frame.State);
        Frames.Remove(index);
    }

    /// <summary>Spans in and beside a range, as the statements read them.</summary>
    public IEnumerable<Span> Beside(long first, long count)
    {
        var from = Spans.Keys.Where(start => start <= first).DefaultIfEmpty(first).Max();
        return Spans.Values.Where(span => span.First >= from && span.First <= first + count);
    }
}
