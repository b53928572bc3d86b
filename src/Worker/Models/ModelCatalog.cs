using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Models;

/// <summary>The models that this worker can render with: its own, as they were at the last scan, and those of the store.</summary>
internal sealed class ModelCatalog(IModelSource source)
{
    private readonly Lock _lock = new();
    private IReadOnlyList<WorkerModel> _own = [];
    private IReadOnlyList<WorkerModel> _offered = [];
    private volatile IReadOnlyList<WorkerModel> _models = [];

    /// <summary>The models have changed.</summary>
    public event Action? Changed;

    /// <summary>All models, broken ones with the reason: another list as soon as one is different. Empty before the first scan.</summary>
    public IReadOnlyList<WorkerModel> Models => _models;

    /// <summary>The model of this name; null when there is none.</summary>
    public WorkerModel? Find(string name) => Models.FirstOrDefault(model => model.Name == name);

    /// <summary>Looks at the worker's own again.</summary>
    public void Scan(CancellationToken cancellationToken)
    {
        var own = source.Read(cancellationToken);
        lock (_lock)
        {
            _own = own;
            Merge();
        }
    }

    /// <summary>Models that the store has. Where the worker has a usable one of the same name itself, that one counts.</summary>
    public void Offer(IReadOnlyList<WorkerModel> models)
    {
        lock (_lock)
        {
            _offered = models;
            Merge();
        }
    }

    /// <summary>One of its own, which may be in the store as well.</summary>
    private WorkerModel Placed(WorkerModel own) =>
        _offered.Any(model => model.Name == own.Name && model.Digest is not null && model.Digest == own.Digest) ? own with { Place = ModelResidence.FolderAndStore } : own;

    private void Merge()
    {
        var offered = _offered.Where(model => !_own.Any(own => own.Name == model.Name && (own.Problem is null || model.Problem is not null))).ToList();
        IReadOnlyList<WorkerModel> models = [.. _own.Where(own => !offered.Exists(model => model.Name == own.Name)).Select(Placed), .. offered];
        if (!models.SequenceEqual(_models))
        {
            _models = models;
            Changed?.Invoke();
        }
    }
}
