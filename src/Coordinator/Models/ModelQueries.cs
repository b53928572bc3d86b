using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Models;

/// <summary>Reads models for the API, the dashboard and the rules of jobs.</summary>
internal sealed class ModelQueries(IDbContextFactory<FarmDb> databases)
{
    /// <summary>All models by name as <see cref="ListAsync"/> lists them, without who has them: a submit should not read every worker.</summary>
    public async Task<IReadOnlyList<ModelView>> KnownAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var models = await db.Models.AsNoTracking().OrderBy(model => model.Name).ToListAsync(cancellationToken);
        return [.. models.Select(model => ViewOf(model, [], [], isInStore: false))];
    }

    /// <summary>All models by name, those of workers that are away included: their jobs wait.</summary>
    public async Task<IReadOnlyList<ModelView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var models = await db.Models.AsNoTracking().OrderBy(model => model.Name).ToListAsync(cancellationToken);
        var workers = await db.Workers.AsNoTracking()
            .Where(worker => worker.State == WorkerState.Ready || worker.State == WorkerState.Draining)
            .OrderBy(worker => worker.Name)
            .Select(worker => new { worker.Name, worker.State, worker.Models, worker.WarmModels })
            .ToListAsync(cancellationToken);
        return [.. models.Select(model =>
        {
            var copies = workers.Where(worker => worker.State == WorkerState.Ready).Select(worker => (worker.Name, Copy: UsableCopy(worker.Models, model))).Where(copy => copy.Copy is not null).ToList();
            return ViewOf(
                model,
                [.. copies.Where(copy => copy.Copy!.Place != ModelResidence.Store).Select(copy => copy.Name)],
                [.. workers.Where(worker => worker.WarmModels.Contains(model.Name)).Select(worker => worker.Name)],
                copies.Exists(copy => copy.Copy!.Place != ModelResidence.Folder));
        })];
    }

    private static WorkerModel? UsableCopy(IReadOnlyList<WorkerModel> copies, FarmModel model) =>
        copies.FirstOrDefault(copy => copy.Name == model.Name && copy.Digest is not null && copy.Digest == model.Digest && copy.Problem is null);

    private static ModelView ViewOf(FarmModel model, IReadOnlyList<string> workers, IReadOnlyList<string> warmOn, bool isInStore) => new()
    {
        Name = model.Name,
        Digest = model.Digest,
        Family = model.Family,
        DefaultWidth = model.DefaultWidth,
        DefaultHeight = model.DefaultHeight,
        SizeMultiple = model.SizeMultiple,
        Bytes = model.Bytes,
        Workers = workers,
        WarmOn = warmOn,
        IsInStore = isInStore,
        Problem = model.Problem,
    };
}
