using RenderFarm.Shared.Api;

namespace RenderFarm.Coordinator.Dashboard.Elements;

/// <summary>What is to be said of a worker beyond its figures.</summary>
internal static class WorkerRemarks
{
    /// <summary>What keeps it from work, in short sentences; empty when nothing does.</summary>
    public static IReadOnlyList<string> Of(WorkerView worker)
    {
        var remarks = new List<string>();
        if (worker.DrainReason is { } reason)
        {
            remarks.Add($"Drained. {reason}");
        }

        if (worker.StoreIsAway)
        {
            remarks.Add("Cannot store pictures.");
        }

        if (worker.Strikes > 0)
        {
            remarks.Add($"{Show.Counted(worker.Strikes, "strike")}.");
        }

        remarks.AddRange(worker.Blocks.Select(block => block.Model is { } model ? $"Blocked for model {model}." : $"Blocked for job {block.Job}."));
        return remarks;
    }

    /// <summary>What a worker without steps to show is doing.</summary>
    public static string Doing(WorkerView worker) => worker.SlotStatus.FirstOrDefault(slot => slot.State is "loading" or "restarting") switch
    {
        { State: "loading", Model: { } model } => $"loads {model}",
        { State: "loading" } => "loads a model",
        { State: "restarting" } => "starts its render process anew",
        _ when worker.Leases > 0 => $"{Show.Counted(worker.Rendering, "image")} leased",
        _ => "nothing to do",
    };

    /// <summary>What each slot is doing: <c>rendering 7/20, idle</c>; how many there are when the worker does not say.</summary>
    public static string Slots(WorkerView worker) => worker.SlotStatus.Count == 0
        ? Show.Count(worker.Slots)
        : string.Join(", ", worker.SlotStatus.Select(slot => slot.State == "rendering" && slot.Steps > 0 ? $"{slot.State} {slot.Step}/{slot.Steps}" : slot.State));
}
