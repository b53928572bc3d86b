using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Commits;

/// <summary>Stored pictures of one lease whose commit is not answered. Changed under the lock of <see cref="FrameCommits"/>.</summary>
internal sealed class LeaseCommits(LeaseMark lease)
{
    private readonly List<SpooledPicture> _unreported = [];
    private readonly Dictionary<long, Reported> _reported = [];
    private long _gatheredSince;
    private long? _lastReport;
    private bool _isDue;

    public LeaseMark Lease { get; } = lease;

    public int Count => _unreported.Count + _reported.Count;

    /// <summary>A picture is stored. True when it is time for a report: a message is full, or nothing more comes.</summary>
    public bool Add(SpooledPicture picture, CommitClock clock, bool isDue)
    {
        if (_unreported.Count == 0)
        {
            _gatheredSince = clock.Now;
        }

        _unreported.Add(picture);
        _isDue |= isDue || _unreported.Count >= FrameCommits.MessageFrames;
        return _isDue;
    }

    /// <summary>Pictures to report now: new ones when they are due, and those whose answer is overdue. They count as reported from here on.</summary>
    public List<SpooledPicture> Due(CommitClock clock)
    {
        List<SpooledPicture> due = [.. _reported.Values.Where(reported => clock.IsOverdue(reported.At, reported.Times)).Select(reported => reported.Picture)];
        if (_unreported.Count > 0 && (_isDue || (clock.HasPassed(CommitClock.GatherFor, _gatheredSince) && (_lastReport is not { } last || clock.HasPassed(CommitClock.ReportEvery, last)))))
        {
            due.AddRange(_unreported);
            _unreported.Clear();
            _isDue = false;
            _lastReport = clock.Now;
        }

        foreach (var picture in due)
        {
            _reported[picture.Index] = new Reported(picture, clock.Now, _reported.GetValueOrDefault(picture.Index)?.Times + 1 ?? 1);
        }

        return due;
    }

    /// <summary>The report did not get away, as far as one can tell: it is due again at once.</summary>
    public void Retry(IEnumerable<SpooledPicture> pictures)
    {
        foreach (var picture in pictures)
        {
            if (_reported.TryGetValue(picture.Index, out var reported))
            {
                _reported[picture.Index] = reported with { Times = 0 };
            }
        }
    }

    /// <summary>Removes the answered pictures; an answer that comes twice finds nothing.</summary>
    public List<SpooledPicture> Take(IEnumerable<long> indexes)
    {
        var taken = new List<SpooledPicture>();
        foreach (var index in indexes)
        {
            if (_reported.Remove(index, out var reported))
            {
                taken.Add(reported.Picture);
            }
        }

        return taken;
    }

    /// <summary>Removes the pictures that were not reported yet.</summary>
    public List<SpooledPicture> TakeUnreported()
    {
        List<SpooledPicture> taken = [.. _unreported];
        _unreported.Clear();
        return taken;
    }

    private sealed record Reported(SpooledPicture Picture, long At, int Times);
}
