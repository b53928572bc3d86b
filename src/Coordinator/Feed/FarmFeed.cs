using System.Collections.Concurrent;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Feed;

/// <summary>What changed in the farm, told to readers inside this process. It carries no data of record: a reader looks up what changed.</summary>
internal sealed class FarmFeed(TimeProvider time)
{
    private const int ManySteps = 100;
    private static readonly TimeSpan StepsLiveFor = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<Guid, FeedSubscription> _subscriptions = new();
    private readonly ConcurrentDictionary<Guid, (StepProgressed Step, long At)> _steps = new();
    private long _forgotAt;

    /// <summary>Starts listening; dispose to stop. A null job listens to all.</summary>
    public FeedSubscription Subscribe(Guid? job = null)
    {
        var id = Guid.NewGuid();
        var subscription = new FeedSubscription(job, () => _subscriptions.TryRemove(id, out _));
        _subscriptions[id] = subscription;
        return subscription;
    }

    /// <summary>Latest step of every batch of the job (of all jobs when null) that reported lately, newest first: a worker's later batches follow its earlier ones.</summary>
    public IReadOnlyList<StepProgressed> Steps(Guid? job = null)
    {
        Forget();
        return [.. _steps.Values.OrderByDescending(x => x.At).Select(x => x.Step).Where(x => job is null || x.JobId == job)];
    }

    /// <summary>A job or a frame of it changed.</summary>
    public void Notify(JobChanged change)
    {
        foreach (var subscription in Listening(change.JobId))
        {
            subscription.Add(change.JobId);
        }
    }

    /// <summary>A worker changed.</summary>
    public void Notify(WorkersChanged change)
    {
        ArgumentNullException.ThrowIfNull(change);
        foreach (var subscription in _subscriptions.Values)
        {
            subscription.AddWorkers();
        }
    }

    /// <summary>A batch did a step.</summary>
    public void Notify(StepProgressed step)
    {
        if (step.Frames.Count == 0)
        {
            return;
        }

        _steps[step.AttemptId] = (step, time.GetTimestamp());
        if (_steps.Count > ManySteps && time.GetElapsedTime(_forgotAt) > StepsLiveFor)
        {
            // Also when nobody looks.
            Forget();
        }

        foreach (var subscription in Listening(step.JobId))
        {
            subscription.Add(step);
        }
    }

    private void Forget()
    {
        _forgotAt = time.GetTimestamp();
        foreach (var (attempt, entry) in _steps)
        {
            if (time.GetElapsedTime(entry.At) > StepsLiveFor)
            {
                _steps.TryRemove(attempt, out _);
            }
        }
    }

    private IEnumerable<FeedSubscription> Listening(Guid job) => _subscriptions.Values.Where(x => x.Job is null || x.Job == job);
}
