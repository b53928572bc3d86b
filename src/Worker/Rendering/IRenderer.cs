using RenderFarm.Diffusion;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering;

/// <summary>Turns batches into picture files. It takes and gives plain data only, so that it can be in this process or in others.</summary>
internal interface IRenderer
{
    /// <summary>Models whose pipelines are loaded and have run.</summary>
    IReadOnlyList<string> WarmModels { get; }

    /// <summary>Memory of all pipelines, those that are being loaded among them.</summary>
    long ResidentBytes { get; }

    /// <summary>What each slot is doing.</summary>
    IReadOnlyList<SlotStatus> Slots { get; }

    /// <summary>
    /// Renders the rows together. Whatever happens, each row is reported once, as a file or as a fault, and nothing is thrown.
    /// Returns when the slot may start its next batch; rows that are still being written are reported after that.
    /// </summary>
    /// <param name="slot">Which of the worker's slots renders, from 0; a slot renders one batch at a time.</param>
    /// <param name="work">What to render.</param>
    /// <param name="steps">Told of finished steps.</param>
    /// <param name="rows">Told of each row, from any thread.</param>
    /// <param name="stop">Ends the batch at its next step; rows without a picture are reported as released.</param>
    Task RenderAsync(int slot, RenderWork work, IProgress<StepProgress> steps, IProgress<RowResult> rows, CancellationToken stop);
}
