using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Workers;

/// <summary>Tells a worker process to drain or to resume. Best effort: the answer to a heartbeat that disagrees says the same again.</summary>
internal sealed partial class TellWorker(FarmSender sender, TimeProvider time, ILogger<TellWorker> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    public Task DrainAsync(string worker, long epoch, string reason, CancellationToken cancellationToken) =>
        SendAsync(worker, epoch, new DrainRequested(worker, epoch, reason), cancellationToken);

    public Task ResumeAsync(string worker, long epoch, CancellationToken cancellationToken) =>
        SendAsync(worker, epoch, new ResumeRequested(worker, epoch), cancellationToken);

    /// <summary>Answers a heartbeat that does not know of the farm's decision. A worker that drains by its own will gives no reason, or ignores the resume.</summary>
    public Task AnswerAsync(WorkerHeartbeat beat, string? drainReason, CancellationToken cancellationToken) => (drainReason, beat.IsDraining, beat.DrainReason) switch
    {
        ({ } reason, false, _) => DrainAsync(beat.Worker, beat.Epoch, reason, cancellationToken),
        (null, true, not null) => ResumeAsync(beat.Worker, beat.Epoch, cancellationToken),
        _ => Task.CompletedTask,
    };

    private async Task SendAsync<T>(string worker, long epoch, T message, CancellationToken cancellationToken)
        where T : class
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await sender.ToWorkerAsync(worker, epoch, message, either.Token).WaitAsync(either.Token);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotTold(worker, typeof(T).Name, fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Message} did not reach worker {WorkerId} at once: {Reason}")]
    private partial void LogNotTold(string workerId, string message, string reason);
}
