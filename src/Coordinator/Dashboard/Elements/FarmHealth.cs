using RenderFarm.Shared;
using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Elements;

/// <summary>Whether the farm is well, in a word and in a sentence.</summary>
internal sealed record FarmHealth(string Word, string Colour, string Sentence)
{
    public static FarmHealth Of(IReadOnlyList<WorkerView> workers, long waiting)
    {
        var ready = workers.Count(worker => worker.State == WorkerState.Ready);
        var lost = workers.Where(worker => worker.State == WorkerState.Lost).Select(worker => worker.Name).ToList();
        return (ready, lost.Count) switch
        {
            (0, _) when waiting > 0 => new("Stopped", StateColour.Lost, $"{Show.Counted(waiting, "image")} wait and no worker is ready"),
            (0, _) => new("No workers", StateColour.Draining, "a worker joins by itself when it is started"),
            (_, > 0) => new("Degraded", StateColour.Draining, $"lost: {string.Join(", ", lost.Take(3))}{(lost.Count > 3 ? $" and {lost.Count - 3} more" : "")}"),
            _ => new("Healthy", StateColour.Good, $"{Show.Counted(ready, "worker")} ready"),
        };
    }
}
