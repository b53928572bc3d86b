using System.Globalization;
using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Dashboard.Elements;
using RenderFarm.Coordinator.Dashboard.Live;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>One job: how far it is and its pictures as they come. Of a big job only the frames in view are read.</summary>
public sealed partial class Job : ComponentBase
{
    private const int PageSize = 96;
    private const int HistoryLines = 12;

    private static readonly TimeSpan DataEvery = TimeSpan.FromMilliseconds(300);

    private LiveRefresh? _live;
    private JobView? _job;
    private bool _isMissing;
    private bool _isAsking;
    private long _start;
    private long? _next;
    private IReadOnlyList<FrameView> _frames = [];
    private FrameView? _frame;
    private IReadOnlyList<HistoryEntry> _history = [];
    private IReadOnlyList<StepProgressed> _running = [];
    private Dictionary<long, StepProgressed> _steps = [];
    private string _shown = "";

    /// <summary>The job.</summary>
    [Parameter]
    public Guid Id { get; set; }

    /// <summary>State of the frames shown; null for all.</summary>
    [SupplyParameterFromQuery]
    public string? State { get; set; }

    /// <summary>First frame shown; null follows the frames being rendered.</summary>
    [SupplyParameterFromQuery]
    public long? From { get; set; }

    /// <summary>Frame shown large.</summary>
    [SupplyParameterFromQuery]
    public long? Frame { get; set; }

    [Inject]
    private JobQueries Jobs { get; set; } = null!;

    [Inject]
    private FrameQueries Frames { get; set; } = null!;

    [Inject]
    private JobHistory History { get; set; } = null!;

    [Inject]
    private CancelJob Cancelling { get; set; } = null!;

    [Inject]
    private FarmFeed Feed { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    private FrameState? Wanted => Enum.TryParse<FrameState>(State, ignoreCase: true, out var state) ? state : null;

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync()
    {
        var address = $"{Id} {Address(Wanted, From, Frame)}";
        var isNew = address != _shown;
        _shown = address;
        return isNew && _live is not null ? _live.RefreshNowAsync() : Task.CompletedTask;
    }

    private async Task RefreshAsync(LiveChange change, CancellationToken cancellationToken)
    {
        if (change == LiveChange.Data)
        {
            await ReadAsync(cancellationToken);
        }

        // A batch is heard of for a while after its last step.
        var notRendering = _frames.Where(frame => frame.State != FrameState.Rendering).Select(frame => frame.Index).ToHashSet();
        _running = _job?.State == JobState.Running ? [.. Feed.Steps(Id).Where(step => !step.Frames.Any(notRendering.Contains))] : [];
        _steps = _running.SelectMany(step => step.Frames.Select(frame => (frame, step))).DistinctBy(pair => pair.frame).ToDictionary(pair => pair.frame, pair => pair.step);
        StateHasChanged();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var address = _shown;
        var job = await Jobs.GetAsync(Id, cancellationToken);
        if (job is null)
        {
            _isMissing = true;
            return;
        }

        var start = StartFor(job);
        var page = await Frames.ListAsync(Id, Wanted, start - 1, PageSize, cancellationToken);
        var frame = Frame is { } index ? page?.Items.FirstOrDefault(item => item.Index == index) ?? await Frames.GetAsync(Id, index, cancellationToken) : null;
        var history = await History.ReadAsync(Id, HistoryLines, cancellationToken);
        var quarantine = await QuarantineOfAsync(job, cancellationToken);
        if (address == _shown && page is not null)
        {
            _quarantine = quarantine;
            (_job, _start, _frames, _frame, _history, _isMissing) = (job, start, page.Items, frame, history, false);
            _next = page.Cursor is { } cursor ? long.Parse(cursor, CultureInfo.InvariantCulture) + 1 : null;
        }
    }

    /// <summary>Frames are rendered by growing index, roughly: those settled say where the work is. A job that ends keeps the page in view.</summary>
    private long StartFor(JobView job)
    {
        if (From is { } from)
        {
            return Math.Clamp(from, 0, job.FrameCount - 1);
        }

        if (Wanted is not null)
        {
            return 0;
        }

        return job.State == JobState.Running ? (job.Rendered + job.Failed) / PageSize * PageSize : _job?.Id == job.Id ? _start : 0;
    }

    private async Task CancelAsync()
    {
        _isAsking = false;
        await Cancelling.RunAsync(Id, CancellationToken.None);
        await _live!.RefreshNowAsync();
    }

    private void Jump(ChangeEventArgs typed)
    {
        var text = typed.Value?.ToString()?.Replace(",", "", StringComparison.Ordinal);
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var from))
        {
            Navigation.NavigateTo(Address(Wanted, from));
        }
    }

    private string Address(FrameState? state, long? from = null, long? frame = null)
    {
        var parts = new List<string>();
        if (state is { } wanted)
        {
            parts.Add($"state={wanted.ToString().ToLowerInvariant()}");
        }

        if (from is { } first)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"from={first}"));
        }

        if (frame is { } index)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"frame={index}"));
        }

        return parts.Count == 0 ? $"jobs/{Id}" : $"jobs/{Id}?{string.Join('&', parts)}";
    }

    private static IEnumerable<FrameState> Offered(JobView job) => job switch
    {
        { Cancelled: > 0 } => [FrameState.Rendered, FrameState.Failed, FrameState.Cancelled],
        { Quarantined: > 0 } => [FrameState.Rendered, FrameState.Rendering, FrameState.Failed, FrameState.Quarantined, FrameState.Waiting],
        _ => [FrameState.Rendered, FrameState.Rendering, FrameState.Failed, FrameState.Waiting],
    };

    private static string Pace(JobView job) => (job.State, job.ImagesPerSecond, job.EtaSeconds) switch
    {
        (JobState.Queued, _, _) => "waits for a free slot",
        (JobState.Paused, _, _) => "paused",
        (_, null, _) => job.State == JobState.Running ? "first images on their way" : "nothing was rendered",
        (JobState.Running, { } rate, { } eta) => $"{Show.Rate(rate)} · done in {Show.Span(TimeSpan.FromSeconds(Math.Min(eta, 1e9)))}",
        (_, { } rate, _) => $"{Show.Rate(rate)}{(job.FinishedAt - job.StartedAt is { } took ? $" · took {Show.Span(took)}" : "")}",
    };
}
