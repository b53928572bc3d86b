using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>What became of an order about a worker.</summary>
internal enum OrderOutcome
{
    Done,

    /// <summary>The farm knows no worker of this name.</summary>
    NoWorker,

    /// <summary>It said goodbye; its next process starts afresh.</summary>
    IsGone,

    /// <summary>It drains by its own will: it stops, or its disk is full.</summary>
    DrainsItself,
}

/// <summary>Drains a worker until it is resumed, and resumes it. The decision is a row: it holds while worker, broker or coordinators are away.</summary>
internal sealed partial class DrainWorker(IDbContextFactory<FarmDb> databases, TellWorker tell, Announcer announcer, ILogger<DrainWorker> logger)
{
    /// <summary>The worker finishes what it has and is offered no more.</summary>
    public async Task<OrderOutcome> DrainAsync(string name, string reason, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var drained = await db.Workers.Where(x => x.Name == name && x.State != WorkerState.Gone)
            .ExecuteUpdateAsync(
                x => x.SetProperty(w => w.DrainReason, reason).SetProperty(w => w.State, w => w.State == WorkerState.Ready ? WorkerState.Draining : w.State), cancellationToken);
        if (await db.Workers.AsNoTracking().SingleOrDefaultAsync(x => x.Name == name, cancellationToken) is not { } worker)
        {
            return OrderOutcome.NoWorker;
        }

        if (drained == 0)
        {
            return OrderOutcome.IsGone;
        }

        LogDrained(name, reason);
        announcer.Announce(new WorkersChanged(name));
        await tell.DrainAsync(name, worker.Epoch, reason, cancellationToken);
        return OrderOutcome.Done;
    }

    /// <summary>The worker is offered leases again, and its strikes are forgiven.</summary>
    public async Task<OrderOutcome> ResumeAsync(string name, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        if (await db.Workers.AsNoTracking().SingleOrDefaultAsync(x => x.Name == name, cancellationToken) is not { } worker)
        {
            return OrderOutcome.NoWorker;
        }

        if (worker.DrainReason is null)
        {
            return worker.State switch
            {
                WorkerState.Gone => OrderOutcome.IsGone,
                WorkerState.Draining => OrderOutcome.DrainsItself,
                WorkerState.Ready or WorkerState.Lost => OrderOutcome.Done,
                _ => throw new InvalidOperationException($"Unknown worker state {worker.State}."),
            };
        }

        await db.Strikes.Where(x => x.Worker == name && !x.IsVoid).ExecuteUpdateAsync(x => x.SetProperty(s => s.IsVoid, true), cancellationToken);
        // It stays draining until a heartbeat says otherwise: an offer before it knows would only come back.
        await db.Workers.Where(x => x.Name == name).ExecuteUpdateAsync(x => x.SetProperty(w => w.DrainReason, (string?)null), cancellationToken);
        LogResumed(name);
        announcer.Announce(new WorkersChanged(name));
        await tell.ResumeAsync(name, worker.Epoch, cancellationToken);
        return OrderOutcome.Done;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is drained: {Reason}")]
    private partial void LogDrained(string workerId, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} is resumed")]
    private partial void LogResumed(string workerId);
}
