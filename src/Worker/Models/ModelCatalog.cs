using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Models;

/// <summary>The models that this worker has, as they were at the last scan.</summary>
internal sealed class ModelCatalog(IModelSource source)
{
    private volatile IReadOnlyList<WorkerModel> _models = [];

    /// <summary>All models, broken ones with the reason. Empty before the first scan.</summary>
    public IReadOnlyList<WorkerModel> Models => _models;

    /// <summary>The model of this name; null when there is none.</summary>
    public WorkerModel? Find(string name) => Models.FirstOrDefault(model => model.Name == name);

    /// <summary>Looks at all of them again.</summary>
    public void Scan(CancellationToken cancellationToken) => _models = source.Read(cancellationToken);
}
