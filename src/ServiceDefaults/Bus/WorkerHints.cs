using Microsoft.Extensions.Logging;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Tells workers what they would find out anyway: the answer to their next heartbeat or commit says it again.</summary>
public sealed partial class WorkerHints(FarmSender sender, TimeProvider time, ILogger<WorkerHints> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    /// <summary>Sends it, if the broker takes it in a moment.</summary>
    public async Task TellAsync<T>(string worker, long epoch, T message, CancellationToken cancellationToken)
        where T : class
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            await sender.ToWorkerAsync(worker, epoch, message, either.Token);
        }
        catch (Exception fault) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotTold(worker, typeof(T).Name, fault.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Worker {WorkerId} was not told of {Message} at once: {Reason}")]
    private partial void LogNotTold(string workerId, string message, string reason);
}
