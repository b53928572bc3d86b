using Microsoft.AspNetCore.Components;
using RenderFarm.Coordinator.Dashboard.Elements;
using RenderFarm.Coordinator.Dashboard.Live;
using RenderFarm.Coordinator.Models;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Pages;

/// <summary>The models that jobs can ask for, and what is wrong with the others.</summary>
public sealed partial class Models : ComponentBase
{
    private static readonly TimeSpan DataEvery = TimeSpan.FromSeconds(1);

    private IReadOnlyList<ModelView>? _models;

    [Inject]
    private ModelQueries Queries { get; set; } = null!;

    private async Task RefreshAsync(LiveChange change, CancellationToken cancellationToken)
    {
        if (change == LiveChange.Data)
        {
            _models = await Queries.ListAsync(cancellationToken);
            StateHasChanged();
        }
    }

    private static (string Text, string Colour) StateOf(ModelView model) => model switch
    {
        { Problem: not null } => ("Broken", StateColour.Lost),
        { Workers.Count: 0, IsInStore: true } => ("In the store", StateColour.Good),
        { Workers.Count: 0 } => ("No worker", StateColour.Draining),
        { WarmOn.Count: > 0 } => ("Warm", StateColour.Good),
        _ => ("Ready", StateColour.Good),
    };

    private static string Names(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "–",
        <= 3 => string.Join(", ", names),
        _ => $"{string.Join(", ", names.Take(2))} and {names.Count - 2} more",
    };
}
