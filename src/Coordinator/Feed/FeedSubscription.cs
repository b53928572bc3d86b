using System.Threading.Channels;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Feed;

/// <summary>One reader of the <see cref="FarmFeed"/>. Changes coalesce until they are read, so a slow reader costs no memory.</summary>
internal sealed class FeedSubscription : IDisposable
{
    // More batches than move between two looks of a reader that keeps up.
    private const int MostSteps = 1024;

    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _gate = new();
    private readonly Action _unsubscribe;
    private HashSet<Guid> _jobs = [];
    private Dictionary<Guid, StepProgressed> _steps = [];
    private bool _workers;

    internal FeedSubscription(Guid? job, Action unsubscribe)
    {
        Job = job;
        _unsubscribe = unsubscribe;
    }

    /// <summary>The job it listens to; null for all.</summary>
    public Guid? Job { get; }

    /// <summary>Waits until something changed and returns all that did since the last call.</summary>
    public async Task<FeedChanges> NextAsync(CancellationToken cancellationToken)
    {
        await _signal.Reader.ReadAsync(cancellationToken);
        lock (_gate)
        {
            var changes = new FeedChanges(_jobs, [.. _steps.Values], _workers);
            (_jobs, _steps, _workers) = ([], [], false);
            return changes;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _unsubscribe();

    internal void Add(Guid job) => Add(() => _jobs.Add(job));

    internal void Add(StepProgressed step) => Add(() =>
    {
        if (_steps.Count >= MostSteps)
        {
            // Of a reader that is so far behind nobody knows whether it ever reads again, and most of these batches are over.
            _steps.Clear();
        }

        _steps[step.AttemptId] = step;
    });

    internal void AddWorkers() => Add(() => _workers = true);

    private void Add(Action change)
    {
        lock (_gate)
        {
            change();
        }

        _signal.Writer.TryWrite(true);
    }
}

/// <summary>What changed since the reader last looked.</summary>
/// <param name="Jobs">Jobs of which something changed.</param>
/// <param name="Steps">Latest step of each batch that moved.</param>
/// <param name="Workers">Whether a worker joined, changed or left.</param>
internal sealed record FeedChanges(IReadOnlySet<Guid> Jobs, IReadOnlyList<StepProgressed> Steps, bool Workers);
