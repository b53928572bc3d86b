using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Dashboard.Elements;
using RenderFarm.Coordinator.Dashboard.Live;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>Is the farm healthy, what waits, what was rendered just now, which worker does what.</summary>
public sealed partial class Overview : ComponentBase
{
    /// <summary>Of the strip; a multiple of what a row holds at any width.</summary>
    private const int Pictures = 12;

    private static readonly TimeSpan DataEvery = TimeSpan.FromSeconds(1);

    private Activity? _activity;
    private IReadOnlyList<WorkerView> _workers = [];
    private ILookup<string, StepProgressed> _steps = Array.Empty<StepProgressed>().ToLookup(step => step.Worker);

    [Inject]
    private FarmActivity Farm { get; set; } = null!;

    [Inject]
    private WorkerQueries Workers { get; set; } = null!;

    [Inject]
    private FarmFeed Feed { get; set; } = null!;

    [Inject]
    private TimeProvider Time { get; set; } = null!;

    private DateTimeOffset Now => Time.GetUtcNow();

    private FarmHealth Health => FarmHealth.Of(_workers, Waiting);

    /// <summary>Workers that did not say goodbye.</summary>
    private IReadOnlyList<WorkerView> Known => [.. _workers.Where(worker => worker.State != WorkerState.Gone)];

    private IEnumerable<WorkerView> Alive => _workers.Where(worker => worker.State is WorkerState.Ready or WorkerState.Draining);

    private int Slots => Alive.Sum(worker => worker.Slots);

    private int Busy => Alive.Sum(worker => Math.Min(worker.Leases, worker.Slots));

    private int Ready => _workers.Count(worker => worker.State == WorkerState.Ready);

    private long Waiting => _activity!.Backlog.Sum(backlog => backlog.Waiting);

    private DateTimeOffset? Oldest => _activity!.Backlog.Min(backlog => backlog.Oldest);

    private int Failed => _activity!.Hour.Sum(minute => minute.Failed);

    private (string Text, string Colour) Trend
    {
        get
        {
            var minutes = _activity!.Hour.SkipLast(1).Select(minute => minute.Rendered).ToList();
            var (before, lately) = (minutes.SkipLast(10).ToList(), minutes.TakeLast(10).Average());
            // A farm that rendered in a few minutes of the hour only has no level to compare with.
            if (before.Count(rendered => rendered > 0) < before.Count / 2)
            {
                return ($"{Show.Count(_activity.Hour.Sum(minute => (long)minute.Rendered))} in an hour", StateColour.Good);
            }

            return ($"{(lately / before.Average()) - 1:+0 %;-0 %;±0 %} to the hour", lately < 0.8 * before.Average() ? StateColour.Draining : StateColour.Good);
        }
    }

    private async Task RefreshAsync(LiveChange change, CancellationToken cancellationToken)
    {
        if (change == LiveChange.Data)
        {
            var activity = await Farm.ReadAsync(Pictures, cancellationToken);
            _workers = await Workers.ListAsync(cancellationToken);
            _activity = activity;
        }

        _steps = Feed.Steps().ToLookup(step => step.Worker);
        StateHasChanged();
    }

    private IReadOnlyList<StepProgressed> StepsOf(WorkerView worker) => worker.Leases > 0 ? [.. _steps[worker.Name].Take(worker.Slots)] : [];

    private string ClearsIn() => (Waiting, _activity!.LastMinute) switch
    {
        (0, _) => "nothing waits",
        (_, 0) => "nothing is rendered now",
        var (waiting, rate) => $"clears in {Show.Span(TimeSpan.FromMinutes((double)waiting / rate))}",
    };

    private string NotReady()
    {
        var states = Known.Where(worker => worker.State != WorkerState.Ready).GroupBy(worker => worker.State);
        var words = string.Join(", ", states.Select(state => $"{state.Count()} {state.Key.ToString().ToLowerInvariant()}"));
        return words.Length > 0 ? words : Known.Count == 0 ? "none has joined" : "all of them";
    }
}
