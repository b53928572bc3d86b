using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Standing;

/// <summary>Strikes the workers whose leases ended by what may be their own fault, and has them judged.</summary>
internal sealed class RecordStrikes(ExcuseStrikes excuse, JudgeWorkers judge)
{
    /// <summary>
    /// Reports, and what the ledger made of them: only a lease that this transaction ended strikes anybody. Written in the same transaction, so that
    /// neither a fault nor a death between the two loses a strike.
    /// </summary>
    public async Task WriteAsync(FarmDb db, IReadOnlyList<LeaseEnded> reports, EndResult result, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var strikes = Of(reports, result);
        if (strikes.Count == 0)
        {
            return;
        }

        var isVoid = await excuse.IsVoidAsync(db, now, cancellationToken);
        db.Strikes.AddRange(strikes.Select(strike => strike(now, isVoid)));
        await db.SaveChangesAsync(cancellationToken);
    }

    /// <summary>Has the workers judged when that was written; the leader makes up for it where it fails.</summary>
    public Task JudgeAsync(IReadOnlyList<LeaseEnded> reports, EndResult result, CancellationToken cancellationToken) =>
        Of(reports, result).Count > 0 ? judge.RunAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>
    /// One strike a death, even if several leases had frames in it; none for frames over which this worker failed before, as their next failure says
    /// no more about it.
    /// </summary>
    private static List<Func<DateTimeOffset, bool, Strike>> Of(IReadOnlyList<LeaseEnded> reports, EndResult result)
    {
        var ended = result.Leases.ToDictionary(lease => lease.AttemptId);
        var models = result.Jobs.ToDictionary(job => job.JobId, job => job.Model);
        return
        [
            .. reports
                .Where(report => report.ErrorClass is ErrorClass.Worker or ErrorClass.Crash or ErrorClass.OutOfMemory)
                .Where(report => ended.TryGetValue(report.AttemptId, out var lease) && lease.Worker == report.Worker && !lease.WasTriedHere)
                .DistinctBy(report => report.AttemptId)
                .DistinctBy(report => (report.Worker, report.Epoch, report.ErrorClass, report.Message, report.Evidence))
                .Select(report => (Func<DateTimeOffset, bool, Strike>)((at, isVoid) => new Strike
                {
                    Id = Guid.CreateVersion7(at),
                    Worker = report.Worker,
                    WorkerEpoch = report.Epoch,
                    JobId = report.JobId,
                    Model = models[report.JobId],
                    AttemptId = report.AttemptId,
                    ErrorClass = report.ErrorClass!.Value,
                    At = at,
                    IsVoid = isVoid,
                })),
        ];
    }
}
