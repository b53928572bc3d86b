using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Feed;

namespace RenderFarm.Coordinator.Dashboard.Live;

/// <summary>Runs a page's refresh when the feed tells of a change, at most four times a second, and every few seconds for what only time changes.</summary>
public sealed partial class LiveRefresh : ComponentBase, IAsyncDisposable
{
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _left = new();
    private FeedSubscription? _subscription;
    private Task _running = Task.CompletedTask;
    private string? _fault;

    /// <summary>The job that the page shows; null for pages about all.</summary>
    [Parameter]
    public Guid? Job { get; set; }

    /// <summary>Reads what changed and draws it.</summary>
    [Parameter, EditorRequired]
    public required Func<LiveChange, CancellationToken, Task> Refresh { get; set; }

    /// <summary>Data is read no more often than this.</summary>
    [Parameter]
    public TimeSpan DataEvery { get; set; } = Least;

    [Inject]
    private FarmFeed Feed { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    [Inject]
    private ILogger<LiveRefresh> Logger { get; set; } = null!;

    /// <summary>Reads again at once: the page's address changed.</summary>
    public Task RefreshNowAsync() => RefreshOnceAsync(LiveChange.Data, _left.Token);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _left.CancelAsync();
        _subscription?.Dispose();
        await _running;
        _left.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnInitialized()
    {
        _subscription = Feed.Subscribe(Job);
        _running = RunAsync(_subscription, _left.Token);
    }

    private async Task RunAsync(FeedSubscription subscription, CancellationToken cancellationToken)
    {
        var (isDataOld, readAt) = (true, 0L);
        try
        {
            while (true)
            {
                var started = Time.GetTimestamp();
                var isData = isDataOld && (readAt == 0 || Time.GetElapsedTime(readAt) >= DataEvery);
                if (isData)
                {
                    (isDataOld, readAt) = (false, started);
                }

                await InvokeAsync(() => RefreshOnceAsync(isData ? LiveChange.Data : LiveChange.Steps, cancellationToken));
                var change = await NextAsync(subscription, isDataOld ? DataEvery - Time.GetElapsedTime(readAt) : Most, cancellationToken);
                isDataOld |= change == LiveChange.Data;
                if (Least - Time.GetElapsedTime(started) is { Ticks: > 0 } rest)
                {
                    await Task.Delay(rest, Time, cancellationToken);
                }
            }
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            // The page was left.
        }
    }

    private async Task<LiveChange> NextAsync(FeedSubscription subscription, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var tick = new CancellationTokenSource(patience > TimeSpan.Zero ? patience : TimeSpan.FromMilliseconds(1), Time);
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

    private async Task RefreshOnceAsync(LiveChange change, CancellationToken cancellationToken)
    {
        try
        {
            await Refresh(change, cancellationToken);
            Tell(null);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotRead(Logger, fault);
            Tell($"{fault.GetBaseException().Message.TrimEnd('.')}.");
        }
        catch (OperationCanceledException)
        {
            // The page was left while it read.
        }
    }

    private void Tell(string? fault)
    {
        if (_fault != fault)
        {
            _fault = fault;
            StateHasChanged();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A page of the dashboard could not read its data")]
    private static partial void LogNotRead(ILogger logger, Exception fault);
}
