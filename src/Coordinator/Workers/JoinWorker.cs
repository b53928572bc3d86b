using MassTransit;
using Microsoft.EntityFrameworkCore;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Models;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>A worker process joins: it takes its name's row, and leases of earlier processes of that name return at once.</summary>
internal sealed partial class JoinWorker(IDbContextFactory<FarmDb> databases, FrameLedger ledger, LedgerNews news, Announcer announcer, ILogger<JoinWorker> logger)
    : IConsumer<WorkerJoined>
{
    public async Task Consume(ConsumeContext<WorkerJoined> context)
    {
        var joined = context.Message;
        await using (var db = await databases.CreateDbContextAsync(context.CancellationToken))
        {
            var now = await db.NowAsync(context.CancellationToken);
            var worker = await db.Workers.FindAsync([joined.Worker], context.CancellationToken);
            if (worker is not null && worker.Epoch > joined.Epoch)
            {
                LogLate(joined.Worker, joined.Epoch, worker.Epoch);
                return;
            }

            if (worker is null)
            {
                db.Workers.Add(Row(joined, now));
            }
            else
            {
                await StartAfreshAsync(db, worker, joined, context.CancellationToken);
                Update(worker, joined, now);
            }

            await ReportModelsAsync(db, joined, now, context.CancellationToken);
            await db.SaveChangesAsync(context.CancellationToken);
        }

        LogJoined(joined.Worker, joined.Epoch, joined.Device, joined.Models.Count(x => x.Problem is null));
        news.Tell(await ledger.ReleaseWorkerAsync(joined.Worker, joined.Epoch - 1, "A newer process of this worker has joined.", context.CancellationToken));
        announcer.Announce(new WorkersChanged(joined.Worker));
    }

    private static FarmWorker Row(WorkerJoined joined, DateTimeOffset now) => new()
    {
        Name = joined.Worker,
        Epoch = joined.Epoch,
        State = WorkerState.Ready,
        Version = joined.Version,
        Device = joined.Device,
        Slots = joined.Slots,
        Window = joined.Window,
        BatchSize = joined.BatchSize,
        MemoryBytes = joined.MemoryBytes,
        Models = joined.Models,
        JoinedAt = now,
        LastSeenAt = now,
    };

    /// <summary>A new process has a clean slate; what people blocked stays blocked.</summary>
    private static async Task StartAfreshAsync(FarmDb db, FarmWorker worker, WorkerJoined joined, CancellationToken cancellationToken)
    {
        if (worker.Epoch != joined.Epoch)
        {
            worker.DrainReason = null;
            await db.WorkerBlocks.Where(x => x.Worker == worker.Name && x.Until != null).ExecuteDeleteAsync(cancellationToken);
        }
    }

    private static void Update(FarmWorker worker, WorkerJoined joined, DateTimeOffset now)
    {
        if (worker.Epoch != joined.Epoch)
        {
            (worker.Epoch, worker.JoinedAt, worker.Rendered, worker.HeartbeatSequence) = (joined.Epoch, now, 0, 0);
            (worker.WarmModels, worker.ResidentBytes) = ([], 0);
            (worker.SlotStatus, worker.SpoolBytes, worker.StoreIsAway) = ([], 0, false);
        }

        worker.State = worker.DrainReason is null ? WorkerState.Ready : WorkerState.Draining;
        worker.Version = joined.Version;
        worker.Device = joined.Device;
        (worker.Slots, worker.Window, worker.BatchSize) = (joined.Slots, joined.Window, joined.BatchSize);
        worker.MemoryBytes = joined.MemoryBytes;
        worker.Models = joined.Models;
        worker.LastSeenAt = now;
    }

    private async Task ReportModelsAsync(FarmDb db, WorkerJoined joined, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var names = joined.Models.Select(x => x.Name).ToList();
        var known = await db.Models.Where(x => names.Contains(x.Name)).ToDictionaryAsync(x => x.Name, cancellationToken);
        foreach (var report in joined.Models)
        {
            if (!known.TryGetValue(report.Name, out var model))
            {
                model = new FarmModel { Name = report.Name, UpdatedAt = now };
                db.Models.Add(model);
            }
            else if ((model.Digest, model.Family, model.Problem, model.Bytes) == (report.Digest, report.Family, report.Problem, report.Bytes))
            {
                // A thousand workers that join at once would wait for each other at its row.
                continue;
            }
            else if (report.Problem is not null && model.Digest is not null)
            {
                // Another copy is sound; this worker is simply not asked to render with its own.
                continue;
            }
            else if (report.Digest is not null && model.Digest is not null && model.Digest != report.Digest)
            {
                LogModelReplaced(report.Name, model.Digest, report.Digest, joined.Worker);
            }

            (model.Digest, model.Family, model.Problem) = (report.Digest, report.Family, report.Problem);
            (model.DefaultWidth, model.DefaultHeight, model.SizeMultiple, model.Bytes) = (report.DefaultWidth, report.DefaultHeight, report.SizeMultiple, report.Bytes);
            model.UpdatedAt = now;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} joined (epoch {Epoch}, {Device}, {Models} usable models)")]
    private partial void LogJoined(string workerId, long epoch, string device, int models);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Worker {WorkerId} epoch {Epoch} came after epoch {Newer} of the same name and is ignored; give every worker a name of its own")]
    private partial void LogLate(string workerId, long epoch, long newer);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Model {Model} is now {NewDigest} instead of {OldDigest}, as worker {WorkerId} reports; jobs accepted before wait for a worker with the old one")]
    private partial void LogModelReplaced(string model, string oldDigest, string newDigest, string workerId);
}
