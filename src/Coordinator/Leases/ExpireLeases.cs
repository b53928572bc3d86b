using RenderFarm.Coordinator.Ledger;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Returns to their spans the leases that were neither accepted nor renewed in time.</summary>
internal sealed partial class ExpireLeases(FrameLedger ledger, LedgerNews news, TimeProvider time, ILogger<ExpireLeases> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Expires them; the answer is how many.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var result = await ledger.ExpireAsync(cancellationToken);
        foreach (var lease in result.Leases)
        {
            LogExpired(lease.AttemptId, lease.JobId, lease.Worker);
        }

        news.Tell(result);
        return result.Leases.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(ex.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {AttemptId} of job {JobId} on worker {WorkerId} expired; its frames wait again")]
    private partial void LogExpired(Guid attemptId, Guid jobId, string workerId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Expired leases could not be returned, trying again: {Reason}")]
    private partial void LogFailed(string reason);
}
