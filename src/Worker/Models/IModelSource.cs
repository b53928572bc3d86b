using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Models;

/// <summary>Where a worker's models come from.</summary>
internal interface IModelSource
{
    /// <summary>All models, broken ones with the reason.</summary>
    IReadOnlyList<WorkerModel> Read(CancellationToken cancellationToken);
}
