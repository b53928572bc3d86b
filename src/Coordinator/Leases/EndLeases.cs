using MassTransit;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Standing;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Leases that ended before all their frames were committed: the rest waits again or fails, by error class, and so are workers struck.</summary>
internal sealed partial class EndLeases(FrameLedger ledger, LedgerNews news, RecordStrikes strikes, EventBatches batches, ILogger<EndLeases> logger) : IConsumer<Batch<LeaseEnded>>
{
    public Task Consume(ConsumeContext<Batch<LeaseEnded>> context) => batches.HandleAsync(
        [.. context.Message.Select(x => x.Message)], ended => EndAsync(ended, context.CancellationToken), DatabaseFaults.IsAway, context.CancellationToken);

    private async Task EndAsync(IReadOnlyList<LeaseEnded> ended, CancellationToken cancellationToken)
    {
        foreach (var lease in ended.Where(x => x.ErrorClass is not (null or ErrorClass.Interrupted)))
        {
            LogEnded(lease.AttemptId, lease.JobId, lease.Worker, lease.Outcome, lease.ErrorClass, lease.Message);
        }

        var result = await ledger.EndAsync(ended, cancellationToken, (db, now, end) => strikes.WriteAsync(db, ended, end, now, cancellationToken));
        news.Tell(result);
        await strikes.JudgeAsync(ended, result, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {AttemptId} of job {JobId} on worker {WorkerId} ended {Outcome}, {ErrorClass}: {Reason}")]
    private partial void LogEnded(Guid attemptId, Guid jobId, string workerId, AttemptOutcome outcome, ErrorClass? errorClass, string? reason);
}
