using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Keeps a worker from a model or a job until somebody lifts it, and lifts it.</summary>
internal sealed partial class BlockWorker(IDbContextFactory<FarmDb> databases, Announcer announcer, ILogger<BlockWorker> logger)
{
    /// <summary>Whether there is a job of this id, or a model of this name.</summary>
    public async Task<bool> IsKnownAsync(BlockScope scope, string target, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return scope switch
        {
            BlockScope.Job => Guid.TryParse(target, out var id) && await db.Jobs.AnyAsync(x => x.Id == id, cancellationToken),
            BlockScope.Model => await db.Models.AnyAsync(x => x.Name == target, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Unknown scope of a block."),
        };
    }

    /// <summary>Blocks; a block that strikes brought becomes one without an end.</summary>
    public async Task<OrderOutcome> BlockAsync(string name, BlockTarget block, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Workers.AnyAsync(x => x.Name == name, cancellationToken))
        {
            return OrderOutcome.NoWorker;
        }

        var now = await db.NowAsync(cancellationToken);
        var row = await db.WorkerBlocks.FindAsync([name, block.Scope, block.Target], cancellationToken);
        if (row is null)
        {
            row = new WorkerBlock { Worker = name, Scope = block.Scope, Target = block.Target, Reason = block.Reason, Since = now };
            db.WorkerBlocks.Add(row);
        }

        (row.Reason, row.Since, row.Until) = (block.Reason, now, null);
        await db.SaveChangesAsync(cancellationToken);
        LogBlocked(name, block.Scope, block.Target, block.Reason);
        announcer.Announce(new WorkersChanged(name));
        return OrderOutcome.Done;
    }

    /// <summary>Lifts a block, and forgives the strikes that could bring it back.</summary>
    public async Task<OrderOutcome> UnblockAsync(string name, BlockScope scope, string target, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (!await db.Workers.AnyAsync(x => x.Name == name, cancellationToken))
        {
            return OrderOutcome.NoWorker;
        }

        var job = Guid.TryParse(target, out var id) ? id : Guid.Empty;
        await db.Strikes.Where(x => x.Worker == name && !x.IsVoid && (scope == BlockScope.Job ? x.JobId == job : x.Model == target))
            .ExecuteUpdateAsync(x => x.SetProperty(s => s.IsVoid, true), cancellationToken);
        if (await db.WorkerBlocks.Where(x => x.Worker == name && x.Scope == scope && x.Target == target).ExecuteDeleteAsync(cancellationToken) > 0)
        {
            LogUnblocked(name, scope, target);
            announcer.Announce(new WorkersChanged(name));
        }

        return OrderOutcome.Done;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is blocked for {Scope} {Target}: {Reason}")]
    private partial void LogBlocked(string workerId, BlockScope scope, string target, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is no longer blocked for {Scope} {Target}")]
    private partial void LogUnblocked(string workerId, BlockScope scope, string target);
}
