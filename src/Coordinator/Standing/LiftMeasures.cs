using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Standing;

/// <summary>Lifts drains and blocks that the strikes still standing would not have brought. What people ordered stays.</summary>
internal sealed partial class LiftMeasures(
    IDbContextFactory<FarmDb> databases, TellWorker tell, Announcer announcer, IOptions<StandingOptions> options, ILogger<LiftMeasures> logger)
{
    /// <summary>Looks at workers of which strikes became void.</summary>
    public async Task RunAsync(IReadOnlyList<string> workers, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        foreach (var worker in await db.Workers.AsNoTracking().Where(x => workers.Contains(x.Name)).ToListAsync(cancellationToken))
        {
            var strikes = await db.Strikes.AsNoTracking().Where(x => x.Worker == worker.Name && !x.IsVoid).ToListAsync(cancellationToken);
            var isResumed = DrainReasons.IsOfStrikes(worker.DrainReason) && !await IsDeservedAsync(db, worker, strikes, cancellationToken) && await ResumeAsync(db, worker, cancellationToken);
            if (isResumed | await UnblockAsync(db, worker.Name, strikes, cancellationToken) > 0)
            {
                announcer.Announce(new WorkersChanged(worker.Name));
            }
        }
    }

    private async Task<bool> IsDeservedAsync(FarmDb db, FarmWorker worker, List<Strike> own, CancellationToken cancellationToken)
    {
        if (own.Where(strike => strike.WorkerEpoch == worker.Epoch).MaxBy(strike => strike.At) is not { At: var last })
        {
            return false;
        }

        var since = last - options.Value.Within;
        var strikes = await db.Strikes.AsNoTracking().Where(x => !x.IsVoid && x.At > since && x.At <= last).ToListAsync(cancellationToken);
        return Verdict.Of(worker.Name, worker.Epoch, strikes, [], options.Value).DrainReason is not null;
    }

    private async Task<bool> ResumeAsync(FarmDb db, FarmWorker worker, CancellationToken cancellationToken)
    {
        var cleared = await db.Workers.Where(x => x.Name == worker.Name && x.Epoch == worker.Epoch && x.DrainReason == worker.DrainReason)
            .ExecuteUpdateAsync(x => x.SetProperty(w => w.DrainReason, (string?)null), cancellationToken);
        if (cleared == 0)
        {
            return false;
        }

        LogResumed(worker.Name);
        await tell.ResumeAsync(worker.Name, worker.Epoch, cancellationToken);
        return true;
    }

    private async Task<int> UnblockAsync(FarmDb db, string worker, List<Strike> strikes, CancellationToken cancellationToken)
    {
        var lifted = 0;
        foreach (var block in await db.WorkerBlocks.Where(x => x.Worker == worker && x.Until != null).ToListAsync(cancellationToken))
        {
            var reasons = strikes.Count(strike => strike.At <= block.Since && strike.At > block.Since - options.Value.Within
                && block.Target == (block.Scope == BlockScope.Job ? strike.JobId.ToString() : strike.Model));
            if (reasons < options.Value.StrikesToBlock)
            {
                lifted += await db.WorkerBlocks.Where(x => x.Worker == worker && x.Scope == block.Scope && x.Target == block.Target && x.Until != null).ExecuteDeleteAsync(cancellationToken);
                LogUnblocked(worker, block.Scope, block.Target);
            }
        }

        return lifted;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is resumed: its strikes fell into an incident")]
    private partial void LogResumed(string workerId);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is no longer blocked for {Scope} {Target}: its strikes fell into an incident")]
    private partial void LogUnblocked(string workerId, BlockScope scope, string target);
}
