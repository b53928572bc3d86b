using System.Threading.Channels;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Membership;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Commits;

/// <summary>
/// Stored pictures until their commit is answered. They are reported many at a time, and again until the answer comes.
/// A picture that was reported is kept even when its lease is gone: only the answer says whether its object is the farm's or nobody's.
/// </summary>
internal sealed class FrameCommits(HeldLeases leases, SpoolExit exit, CoordinatorLink link, CommitClock clock) : IWorkerLoop
{
    /// <summary>Frames of one message at most; keeps it far below the envelope's limit.</summary>
    internal const int MessageFrames = 64;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, LeaseCommits> _open = [];
    private readonly RecentAttempts _knownJobs = new();
    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A picture is stored; it is reported soon: at once when it is the first of its job, when its lease has no more to come, or when enough is gathered.</summary>
    public void Add(SpooledPicture picture)
    {
        bool isDue;
        lock (_lock)
        {
            var attempt = picture.Lease.AttemptId;
            if (!_open.TryGetValue(attempt, out var commits))
            {
                _open[attempt] = commits = new LeaseCommits(picture.Lease);
            }

            var isFirst = !_knownJobs.Contains(picture.Lease.JobId);
            _knownJobs.Add(picture.Lease.JobId);
            isDue = commits.Add(picture, clock, isFirst || leases.Unsettled(attempt) == commits.Count + 1);
        }

        if (isDue)
        {
            _due.Writer.TryWrite(true);
        }
    }

    /// <summary>The coordinator has answered: refused frames are somebody else's now, and their objects go.</summary>
    public void Settle(FramesCommitted answer)
    {
        List<SpooledPicture> committed;
        List<SpooledPicture> refused;
        lock (_lock)
        {
            if (!_open.TryGetValue(answer.AttemptId, out var commits))
            {
                return;
            }

            committed = commits.Take(answer.Committed);
            refused = commits.Take(answer.Refused);
            CloseIfDone(commits);
        }

        committed.ForEach(exit.Committed);
        refused.ForEach(exit.Discard);
        leases.Settle(answer.AttemptId, committed.Count + refused.Count);
    }

    /// <summary>Nobody wants the lease's pictures any more: what was not reported yet never is.</summary>
    public void Drop(Guid attempt)
    {
        List<SpooledPicture> unreported;
        lock (_lock)
        {
            if (!_open.TryGetValue(attempt, out var commits))
            {
                return;
            }

            unreported = commits.TakeUnreported();
            CloseIfDone(commits);
        }

        unreported.ForEach(exit.Discard);
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = clock.Every(CommitClock.GatherFor, () => _due.Writer.TryWrite(true));
        var backoff = clock.NewBackoff();
        await foreach (var _ in _due.Reader.ReadAllAsync(cancellationToken))
        {
            if (await RunOnceAsync(cancellationToken))
            {
                backoff = clock.NewBackoff();
            }
            else
            {
                await clock.PauseAsync(backoff, cancellationToken);
            }
        }
    }

    /// <summary>Reports what is due and what was not answered in time; false when the coordinators cannot be reached.</summary>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        List<(LeaseCommits Commits, SpooledPicture[] Pictures)> reports;
        lock (_lock)
        {
            reports = [.. _open.Values.SelectMany(commits => commits.Due(clock).Chunk(MessageFrames).Select(pictures => (commits, pictures)))];
        }

        // The first tells whether there is a way at all; the others then need not find out one by one.
        var sent = reports.Count == 0 || await SendAsync(reports[0], cancellationToken);
        var others = await Task.WhenAll(reports.Skip(1).Select(report => sent ? SendAsync(report, cancellationToken) : Task.FromResult(false)));
        lock (_lock)
        {
            foreach (var (commits, pictures) in reports.Zip([sent, .. others]).Where(report => !report.Second).Select(report => report.First))
            {
                commits.Retry(pictures);
            }
        }

        return sent && others.All(other => other);
    }

    private Task<bool> SendAsync((LeaseCommits Commits, SpooledPicture[] Pictures) report, CancellationToken cancellationToken) =>
        link.TrySendAsync(clock.Message(report.Commits.Lease, report.Pictures), cancellationToken);

    // Under the lock.
    private void CloseIfDone(LeaseCommits commits)
    {
        if (commits.Count == 0)
        {
            _open.Remove(commits.Lease.AttemptId);
        }
    }
}
