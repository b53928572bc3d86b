using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Dashboard.Live;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>The list of jobs, newest first; its address holds search, states and page.</summary>
public sealed partial class Jobs : ComponentBase, IDisposable
{
    private const int PageSize = 50;

    private static readonly TimeSpan DataEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan TypingPause = TimeSpan.FromMilliseconds(200);

    private static readonly (string Label, string[] States, bool Failures)[] Views =
    [
        ("All", [], false), ("Queued", ["queued"], false), ("Running", ["running"], false), ("Queued or running", ["queued", "running"], false), ("Completed", ["completed"], false),
        ("Failed", ["failed"], false), ("Cancelled", ["cancelled"], false), ("With failed images", [], true),
    ];

    private readonly CancellationTokenSource _left = new();
    private int _keystrokes;
    private LiveRefresh? _live;
    private Page<JobView>? _page;
    private string _shown = "";

    // What is in the field may be ahead of the address.
    private string _search = "";
    private string _searched = "";

    /// <summary>Search.</summary>
    [SupplyParameterFromQuery]
    public string? Q { get; set; }

    /// <summary>States shown; none for all.</summary>
    [SupplyParameterFromQuery]
    public string[]? State { get; set; }

    /// <summary>Only jobs with failed images.</summary>
    [SupplyParameterFromQuery]
    public bool Failures { get; set; }

    /// <summary>Where the page of the list starts.</summary>
    [SupplyParameterFromQuery]
    public string? Before { get; set; }

    [Inject]
    private JobQueries Queries { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    private bool IsFiltered => State is { Length: > 0 } || Failures || !string.IsNullOrWhiteSpace(Q);

    /// <inheritdoc/>
    public void Dispose()
    {
        _left.Cancel();
        _left.Dispose();
    }

    /// <inheritdoc/>
    protected override Task OnParametersSetAsync()
    {
        var address = Address(State ?? [], Failures, Q, Before);
        var isNew = address != _shown;
        _shown = address;
        if ((Q ?? "") != _searched)
        {
            _search = _searched = Q ?? "";
        }

        return isNew && _live is not null ? _live.RefreshNowAsync() : Task.CompletedTask;
    }

    private async Task RefreshAsync(LiveChange change, CancellationToken cancellationToken)
    {
        if (change == LiveChange.Steps)
        {
            return;
        }

        var address = _shown;
        var states = (State ?? []).Select(name => Enum.TryParse<JobState>(name, ignoreCase: true, out var state) ? state : (JobState?)null).OfType<JobState>();
        var before = Guid.TryParse(Before, out var id) ? id : (Guid?)null;
        var page = await Queries.ListAsync(new JobFilter([.. states], Q, before, PageSize, Failures), cancellationToken);
        if (address == _shown)
        {
            _page = page;
            StateHasChanged();
        }
    }

    private async Task SearchAsync()
    {
        var keystroke = ++_keystrokes;
        try
        {
            await Task.Delay(TypingPause, Time, _left.Token);
            if (keystroke == _keystrokes)
            {
                _searched = _search.Trim();
                Navigation.NavigateTo(Address(State ?? [], Failures, _search), replace: true);
            }
        }
        catch (OperationCanceledException)
        {
            // The page was left.
        }
    }

    private bool IsShown(string[] states, bool failures) => failures == Failures && states.Order().SequenceEqual((State ?? []).Order(), StringComparer.OrdinalIgnoreCase);

    private static string Address(IEnumerable<string> states, bool failures, string? search, string? before = null)
    {
        var parts = states.Select(state => $"state={Uri.EscapeDataString(state)}").ToList();
        if (failures)
        {
            parts.Add("failures=true");
        }

        if (!string.IsNullOrWhiteSpace(search))
        {
            parts.Add($"q={Uri.EscapeDataString(search.Trim())}");
        }

        if (before is not null)
        {
            parts.Add($"before={Uri.EscapeDataString(before)}");
        }

        return parts.Count == 0 ? "jobs" : $"jobs?{string.Join('&', parts)}";
    }
}
