using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;

namespace RenderFarm.Worker.Commits;

/// <summary>Stored frames of one lease whose commit is not answered. Changed under the lock of <see cref="FrameCommits"/>.</summary>
internal sealed class LeaseCommits(HeldLease lease)
{
    private readonly Dictionary<long, Reported> _reported = [];

    public HeldLease Lease { get; } = lease;

    public List<RenderedFrame> Unreported { get; } = [];

    public int Count => Unreported.Count + _reported.Count;

    /// <summary>Frames to report now: new ones, and those whose answer is overdue. They count as reported from here on.</summary>
    public List<RenderedFrame> Due(CommitClock clock)
    {
        List<RenderedFrame> due = [.. _reported.Values.Where(reported => clock.IsOverdue(reported.At)).Select(reported => reported.Frame), .. Unreported];
        Unreported.Clear();
        foreach (var frame in due)
        {
            _reported[frame.Index] = new Reported(frame, clock.Now);
        }

        return due;
    }

    /// <summary>Removes the answered frames; an answer that comes twice finds nothing.</summary>
    public List<RenderedFrame> Take(IEnumerable<long> indexes)
    {
        var taken = new List<RenderedFrame>();
        foreach (var index in indexes)
        {
            if (_reported.Remove(index, out var reported))
            {
                taken.Add(reported.Frame);
            }
        }

        return taken;
    }

    private sealed record Reported(RenderedFrame Frame, long At);
}
