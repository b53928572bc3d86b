namespace RenderFarm.Coordinator.Database;

/// <summary>Work that comes round again and again on the coordinator that leads; a round that fails is told and made up for by the next.</summary>
internal abstract partial class LeaderLoop(TimeSpan every, LeaderLock leader, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>Who leads, and since when.</summary>
    protected LeaderLock Leader { get; } = leader;

    /// <summary>One round.</summary>
    protected abstract Task RoundAsync(CancellationToken cancellationToken);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                if (await Leader.HoldAsync(stoppingToken))
                {
                    await RoundAsync(stoppingToken);
                }
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(GetType().Name, ex.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Loop} failed, trying again: {Reason}")]
    private partial void LogFailed(string loop, string reason);
}
