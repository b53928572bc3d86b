using RenderFarm.Coordinator.Feed;

namespace RenderFarm.Coordinator.Dashboard.Live;

/// <summary>Refreshes when the feed tells of a change, at most four times a second, and every few seconds for what only time changes.</summary>
/// <param name="feed">What tells of changes.</param>
/// <param name="job">The only job looked at; null for all.</param>
/// <param name="dataEvery">Data is read no more often than this.</param>
/// <param name="time">Clock.</param>
internal sealed class RefreshLoop(FarmFeed feed, Guid? job, TimeSpan dataEvery, TimeProvider time)
{
    /// <summary>Between two refreshes.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);

    /// <summary>Without any change.</summary>
    public static readonly TimeSpan Most = TimeSpan.FromSeconds(5);

    /// <summary>Runs until it is cancelled; the first refresh comes at once.</summary>
    public async Task RunAsync(Func<LiveChange, Task> refresh, CancellationToken cancellationToken)
    {
        using var subscription = feed.Subscribe(job);
        var (isDataOld, readAt) = (true, (long?)null);
        while (true)
        {
            var started = time.GetTimestamp();
            var isData = isDataOld && (readAt is null || time.GetElapsedTime(readAt.Value) >= dataEvery);
            if (isData)
            {
                (isDataOld, readAt) = (false, started);
            }

            await refresh(isData ? LiveChange.Data : LiveChange.Steps);
            var patience = isDataOld && readAt is { } last ? dataEvery - time.GetElapsedTime(last) : Most;
            isDataOld |= await NextAsync(subscription, patience, cancellationToken) == LiveChange.Data;
            if (Least - time.GetElapsedTime(started) is { Ticks: > 0 } rest)
            {
                await Task.Delay(rest, time, cancellationToken);
            }
        }
    }

    private async Task<LiveChange> NextAsync(FeedSubscription subscription, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (patience <= TimeSpan.Zero)
        {
            return LiveChange.Data;
        }

        using var tick = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, tick.Token);
        try
        {
            var changes = await subscription.NextAsync(either.Token);
            return changes.Jobs.Count > 0 || changes.Workers ? LiveChange.Data : LiveChange.Steps;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return LiveChange.Data;
        }
    }
}
