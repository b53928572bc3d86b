using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Dashboard.Live;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>Every worker that the farm remembers and what it does.</summary>
public sealed partial class Workers : ComponentBase
{
    private static readonly TimeSpan DataEvery = TimeSpan.FromSeconds(1);

    private IReadOnlyList<WorkerView>? _workers;
    private ILookup<string, StepProgressed> _steps = Array.Empty<StepProgressed>().ToLookup(step => step.Worker);

    /// <summary>Search.</summary>
    [SupplyParameterFromQuery]
    public string? Q { get; set; }

    /// <summary>State shown; null for all.</summary>
    [SupplyParameterFromQuery]
    public string? State { get; set; }

    [Inject]
    private WorkerQueries Queries { get; set; } = null!;

    [Inject]
    private FarmFeed Feed { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

    private WorkerState? Wanted => Enum.TryParse<WorkerState>(State, ignoreCase: true, out var state) ? state : null;

    private IEnumerable<WorkerView> Shown => _workers!.Where(worker => (Wanted is null || worker.State == Wanted) && IsLike(worker, Q?.Trim()));

    private static bool IsAlive(WorkerView worker) => worker.State is WorkerState.Ready or WorkerState.Draining;

    private static bool IsLike(WorkerView worker, string? search) => string.IsNullOrEmpty(search)
        || worker.WarmModels.Append(worker.Name).Append(worker.Device).Any(text => text.Contains(search, StringComparison.OrdinalIgnoreCase));

    private async Task RefreshAsync(LiveChange change, CancellationToken cancellationToken)
    {
        if (change == LiveChange.Data)
        {
            _workers = await Queries.ListAsync(cancellationToken);
        }

        _steps = Feed.Steps().ToLookup(step => step.Worker);
        StateHasChanged();
    }

    private IReadOnlyList<StepProgressed> StepsOf(WorkerView worker) => worker.Leases > 0 ? [.. _steps[worker.Name].Take(worker.Slots)] : [];

    private void Search(ChangeEventArgs typed) => Navigation.NavigateTo(Address(Wanted, typed.Value?.ToString()), replace: true);

    private static string Address(WorkerState? state, string? search)
    {
        var parts = new List<string>();
        if (state is { } wanted)
        {
            parts.Add($"state={wanted.ToString().ToLowerInvariant()}");
        }

        if (!string.IsNullOrWhiteSpace(search))
        {
            parts.Add($"q={Uri.EscapeDataString(search.Trim())}");
        }

        return parts.Count == 0 ? "workers" : $"workers?{string.Join('&', parts)}";
    }
}
