using MassTransit;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.ServiceDefaults.Failpoints;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Commits stored frames, many of many leases in one transaction, and answers each worker.</summary>
internal sealed partial class CommitFrames(FrameLedger ledger, FarmSender sender, LedgerNews news, ILogger<CommitFrames> logger) : IConsumer<Batch<FramesRendered>>
{
    public async Task Consume(ConsumeContext<Batch<FramesRendered>> context)
    {
        var rendered = context.Message.Select(x => x.Message).ToList();
        var result = await ledger.CommitAsync(rendered, context.CancellationToken);
        Failpoint.Reach("commit.before_answer");
        news.Tell(result.Jobs);
        await Task.WhenAll(rendered.Zip(result.Answers, (message, answer) => AnswerAsync(message, answer, context.CancellationToken)));
    }

    // A worker that is gone needs no answer, and one that misses it asks again.
    private async Task AnswerAsync(FramesRendered message, FramesCommitted answer, CancellationToken cancellationToken)
    {
        try
        {
            await sender.ToWorkerAsync(message.Worker, message.Epoch, answer, cancellationToken);
        }
        catch (QueueMissingException ex)
        {
            LogUnanswered(message.Worker, message.JobId, ex.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} was not told that frames of job {JobId} are committed: {Reason}")]
    private partial void LogUnanswered(string workerId, Guid jobId, string reason);
}
