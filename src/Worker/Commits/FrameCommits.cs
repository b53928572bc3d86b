using System.Threading.Channels;
using RenderFarm.Shared.Protocol;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Membership;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Commits;

/// <summary>
/// Stored frames until their commit is answered. They are reported many at a time, and again every few seconds until the answer comes.
/// A frame that was reported is kept even when its lease is gone: only the answer says whether its object is the farm's or nobody's.
/// </summary>
internal sealed class FrameCommits(HeldLeases leases, StoredFrames store, CoordinatorLink link, CommitClock clock) : IWorkerLoop
{
    /// <summary>Frames of one message at most; keeps it far below the envelope's limit.</summary>
    internal const int MessageFrames = 64;
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, LeaseCommits> _open = [];
    private readonly Channel<bool> _due = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A frame is stored; it is reported soon, at once when its lease has no more to come or a message is full.</summary>
    public void Add(HeldLease lease, RenderedFrame frame)
    {
        bool isDue;
        lock (_lock)
        {
            var attempt = lease.Offer.AttemptId;
            if (!_open.TryGetValue(attempt, out var commits))
            {
                _open[attempt] = commits = new LeaseCommits(lease);
            }

            commits.Unreported.Add(frame);
            isDue = commits.Unreported.Count >= MessageFrames || (lease.Waiting.Count == 0 && lease.Busy == commits.Count);
        }

        if (isDue)
        {
            _due.Writer.TryWrite(true);
        }
    }

    /// <summary>The coordinator has answered: refused frames are somebody else's now, and their objects go.</summary>
    public void Settle(FramesCommitted answer)
    {
        LeaseCommits? commits;
        List<RenderedFrame> refused;
        int settled;
        lock (_lock)
        {
            if (!_open.TryGetValue(answer.AttemptId, out commits))
            {
                return;
            }

            var committed = commits.Take(answer.Committed);
            refused = commits.Take(answer.Refused);
            settled = committed.Count + refused.Count;
            CloseIfDone(commits);
        }

        refused.ForEach(frame => store.Discard(frame.ArtifactKey));
        if (settled > 0)
        {
            leases.Settle(commits.Lease, settled);
        }
    }

    /// <summary>The lease was taken back: what was not reported yet never is.</summary>
    public void Drop(HeldLease lease)
    {
        List<RenderedFrame> unreported;
        lock (_lock)
        {
            if (!_open.TryGetValue(lease.Offer.AttemptId, out var commits))
            {
                return;
            }

            unreported = [.. commits.Unreported];
            commits.Unreported.Clear();
            CloseIfDone(commits);
        }

        unreported.ForEach(frame => store.Discard(frame.ArtifactKey));
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = clock.Every(CommitClock.FlushEvery, () => _due.Writer.TryWrite(true));
        await foreach (var _ in _due.Reader.ReadAllAsync(cancellationToken))
        {
            await RunOnceAsync(cancellationToken);
        }
    }

    /// <summary>Reports what is new and what was not answered in time; the answer is how many messages.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        List<FramesRendered> messages;
        lock (_lock)
        {
            messages = [.. _open.Values.SelectMany(commits => commits.Due(clock).Chunk(MessageFrames).Select(frames => clock.Message(commits.Lease.Offer, frames)))];
        }

        await Task.WhenAll(messages.Select(message => link.TrySendAsync(message, cancellationToken)));
        return messages.Count;
    }

    private void CloseIfDone(LeaseCommits commits)
    {
        if (commits.Count == 0)
        {
            _open.Remove(commits.Lease.Offer.AttemptId);
        }
    }
}
