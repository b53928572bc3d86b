using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Standing;

/// <summary>Drains and blocks the workers whose strikes ask for it.</summary>
internal sealed partial class JudgeWorkers(
    IDbContextFactory<FarmDb> databases, TellWorker tell, Announcer announcer, IOptions<StandingOptions> options, ILogger<JudgeWorkers> logger)
{
    private IReadOnlySet<Guid> _judged = new HashSet<Guid>();

    /// <summary>Judges by all strikes that stand, unless they are those of the last time.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var now = await db.NowAsync(cancellationToken);
        var since = now - options.Value.Within;
        var strikes = await db.Strikes.AsNoTracking().Where(x => !x.IsVoid && x.At > since).ToListAsync(cancellationToken);
        var ids = strikes.Select(strike => strike.Id).ToHashSet();
        if (ids.SetEquals(_judged))
        {
            return;
        }

        var rendered = await RenderedAsync(db, strikes, since, cancellationToken);
        var names = strikes.Select(strike => strike.Worker).ToHashSet();
        foreach (var worker in await db.Workers.Where(x => names.Contains(x.Name)).Select(x => new { x.Name, x.Epoch }).ToListAsync(cancellationToken))
        {
            await ApplyAsync(db, worker.Name, worker.Epoch, Verdict.Of(worker.Name, worker.Epoch, strikes, rendered, options.Value), now, cancellationToken);
        }

        _judged = ids;
    }

    /// <summary>Who rendered what of the models over which somebody was struck often enough to be blocked.</summary>
    private async Task<IReadOnlyCollection<RenderedLately>> RenderedAsync(FarmDb db, List<Strike> strikes, DateTimeOffset since, CancellationToken cancellationToken)
    {
        var models = strikes.GroupBy(strike => (strike.Worker, strike.Model)).Where(struck => struck.Count() >= options.Value.StrikesToBlock).Select(struck => struck.Key.Model).ToHashSet();
        if (models.Count == 0)
        {
            return [];
        }

        var rendered = await db.Frames.Where(frame => frame.CommittedAt > since && frame.State == FrameState.Rendered)
            .Join(db.Jobs, frame => frame.JobId, job => job.Id, (frame, job) => new { frame.Worker, frame.JobId, job.Model })
            .Where(work => models.Contains(work.Model))
            .Distinct()
            .ToListAsync(cancellationToken);
        return [.. rendered.Select(work => new RenderedLately(work.Worker, work.JobId, work.Model))];
    }

    private async Task ApplyAsync(FarmDb db, string worker, long epoch, Verdict verdict, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var isNews = verdict.DrainReason is { } reason && await DrainAsync(db, worker, epoch, reason, cancellationToken);
        foreach (var block in verdict.Blocks)
        {
            isNews |= await BlockAsync(db, worker, block, now, cancellationToken);
        }

        if (isNews)
        {
            announcer.Announce(new WorkersChanged(worker));
        }
    }

    private async Task<bool> DrainAsync(FarmDb db, string worker, long epoch, string reason, CancellationToken cancellationToken)
    {
        var drained = await db.Workers.Where(x => x.Name == worker && x.Epoch == epoch && x.DrainReason == null && x.State != WorkerState.Gone)
            .ExecuteUpdateAsync(
                x => x.SetProperty(w => w.DrainReason, reason).SetProperty(w => w.State, w => w.State == WorkerState.Ready ? WorkerState.Draining : w.State), cancellationToken);
        if (drained == 0)
        {
            return false;
        }

        LogDrained(worker, reason);
        await tell.DrainAsync(worker, epoch, reason, cancellationToken);
        return true;
    }

    private async Task<bool> BlockAsync(FarmDb db, string worker, BlockTarget block, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await db.WorkerBlocks.AnyAsync(x => x.Worker == worker && x.Scope == block.Scope && x.Target == block.Target, cancellationToken))
        {
            return false;
        }

        db.WorkerBlocks.Add(new WorkerBlock
        {
            Worker = worker,
            Scope = block.Scope,
            Target = block.Target,
            Reason = block.Reason,
            Since = now,
            Until = now + options.Value.BlockFor,
        });
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateException)
        {
            // Another coordinator was faster; its row says the same. Any other fault shows at the next look.
            db.ChangeTracker.Clear();
            return false;
        }

        LogBlocked(worker, block.Scope, block.Target, block.Reason);
        return true;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} is drained: {Reason} 'renderfarm workers resume {WorkerId}' lets it render again")]
    private partial void LogDrained(string workerId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} is blocked for {Scope} {Target}: {Reason}")]
    private partial void LogBlocked(string workerId, BlockScope scope, string target, string reason);
}
