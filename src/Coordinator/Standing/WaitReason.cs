using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Standing;

/// <summary>A worker as far as it matters to who may render what.</summary>
internal sealed record Candidate(string Name, string? DrainReason, bool IsDraining, bool HasModel, bool IsBlockedForModel, bool IsBlockedForJob, bool IsFull = false, string? Problem = null);

/// <summary>Why no worker may render a job, for people.</summary>
internal static class WaitReason
{
    private const int MostNamed = 5;

    /// <summary>Looks at the workers of now; null when one may.</summary>
    public static async Task<string?> ReadAsync(FarmDb db, Guid job, string model, string digest, CancellationToken cancellationToken)
    {
        var target = job.ToString();
        var workers = await db.Workers.AsNoTracking()
            .Where(x => x.State == WorkerState.Ready || x.State == WorkerState.Draining)
            .OrderBy(x => x.Name)
            .Select(x => new
            {
                x.Name,
                x.DrainReason,
                x.State,
                x.Models,
                x.StoreIsAway,
                Blocks = db.WorkerBlocks.Where(block => block.Worker == x.Name && (block.Target == target || block.Target == model)).Select(block => block.Scope).ToList(),
            })
            .ToListAsync(cancellationToken);
        return Of(model, [.. workers.Select(x => new Candidate(
            x.Name, x.DrainReason, x.State == WorkerState.Draining || x.DrainReason is not null, x.Models.Any(copy => copy.Digest == digest),
            x.Blocks.Contains(BlockScope.Model), x.Blocks.Contains(BlockScope.Job), x.StoreIsAway, x.Models.FirstOrDefault(copy => copy.Name == model)?.Problem))]);
    }

    /// <summary>Null when one of these may.</summary>
    /// <param name="model">Model of the job.</param>
    /// <param name="workers">Workers that live.</param>
    public static string? Of(string model, IReadOnlyList<Candidate> workers)
    {
        if (workers.Count == 0)
        {
            return "No worker is there.";
        }

        if (workers.Any(worker => worker is { IsDraining: false, IsFull: false, HasModel: true, IsBlockedForModel: false, IsBlockedForJob: false }))
        {
            return null;
        }

        var having = workers.Where(worker => worker.HasModel).ToList();
        if (having.Count == 0)
        {
            return $"No worker has the model '{model}' as the job was accepted for{Problems(workers)}.";
        }

        var more = having.Count > MostNamed ? $" and {having.Count - MostNamed} more" : "";
        return $"No worker may render it: {string.Join(", ", having.Take(MostNamed).Select(worker => $"{worker.Name} {Why(worker, model)}"))}{more}.";
    }

    // Most often all have the same one: what lies in the store.
    private static string Problems(IReadOnlyList<Candidate> workers) =>
        workers.Where(worker => worker.Problem is not null).ToList() is [var first, ..] having
            ? $"; {first.Name}{(having.Count > 1 ? $" and {having.Count - 1} more" : "")} cannot use it: {first.Problem!.TrimEnd('.')}"
            : "";

    private static string Why(Candidate worker, string model) => worker switch
    {
        { IsBlockedForJob: true } => "is blocked for this job",
        { IsBlockedForModel: true } => $"is blocked for the model '{model}'",
        { DrainReason: { } reason } => $"is drained ({reason.TrimEnd('.')})",
        { IsDraining: true } => "drains",
        _ => "cannot store its pictures",
    };
}
