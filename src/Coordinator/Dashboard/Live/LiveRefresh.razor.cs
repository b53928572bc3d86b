using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Feed;

namespace RenderFarm.Coordinator.Dashboard.Live;

/// <summary>Keeps a page live as long as it is open, and says so when its data cannot be read.</summary>
public sealed partial class LiveRefresh : ComponentBase, IAsyncDisposable
{
    private readonly CancellationTokenSource _left = new();
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
    public TimeSpan DataEvery { get; set; } = RefreshLoop.Least;

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
        await _running;
        _left.Dispose();
    }

    /// <inheritdoc/>
    protected override void OnInitialized() => _running = RunAsync(_left.Token);

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await new RefreshLoop(Feed, Job, DataEvery, Time).RunAsync(change => InvokeAsync(() => RefreshOnceAsync(change, cancellationToken)), cancellationToken);
        }
        catch (Exception end) when (end is OperationCanceledException or ObjectDisposedException && cancellationToken.IsCancellationRequested)
        {
            // The page was left.
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
