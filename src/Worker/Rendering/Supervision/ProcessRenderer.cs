using Microsoft.Extensions.Logging;
using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering.Supervision;

/// <summary>Renders in a process of its own for each slot: one that crashes, hangs or runs out of memory takes the batch in its hands with it and nothing else.</summary>
internal sealed class ProcessRenderer : IRenderer, IWorkerLoop
{
    private readonly SlotBoard _board;
    private readonly SlotProcess[] _slots;

    public ProcessRenderer(ProcessSettings settings, TimeProvider time, ILogger<ProcessRenderer> logger)
    {
        _board = new SlotBoard(settings.Slots);
        var times = new BatchTimes();
        var slots = Enumerable.Range(0, settings.Slots).ToList();
        _slots = [.. slots.Select(slot => new SlotProcess(new SlotView(slot, _board, times), settings, time, logger))];

        // Until their processes are there.
        slots.ForEach(_board.Restarts);
    }

    public IReadOnlyList<string> WarmModels => [.. _slots.SelectMany(slot => slot.WarmModels).Distinct()];

    public long ResidentBytes => _slots.Sum(slot => slot.ResidentBytes);

    public IReadOnlyList<SlotStatus> Slots => _board.Slots;

    public Task RenderAsync(int slot, RenderWork work, IProgress<StepProgress> steps, IProgress<RowResult> rows, CancellationToken stop) =>
        _slots[slot].RenderAsync(work, steps, rows, stop);

    /// <summary>Keeps a process alive for each slot; they end with the loop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var starter = new StarterThread();
        await Task.WhenAll(_slots.Select(slot => slot.KeepAsync(starter, cancellationToken)));
    }
}

/// <summary>A slot, and what it shares with the others.</summary>
internal sealed record SlotView(int Slot, SlotBoard Board, BatchTimes Times);
