using RenderFarm.Coordinator.Database;

namespace RenderFarm.Coordinator.Upkeep;

/// <summary>Runs the chores where this coordinator leads, each on its own schedule, so that a long one keeps none waiting.</summary>
internal sealed partial class ChoreLoops(IEnumerable<IChore> chores, LeaderLock leader, TimeProvider time, ILogger<ChoreLoops> logger) : BackgroundService
{
    // A farm that starts has better to do, and one that is started every day has to come round to it.
    private static readonly TimeSpan First = TimeSpan.FromMinutes(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(chores.Select(chore => LoopAsync(chore, stoppingToken)));

    private async Task LoopAsync(IChore chore, CancellationToken stoppingToken)
    {
        await Task.Delay(chore.Every < First ? chore.Every : First, time, stoppingToken);
        using var timer = new PeriodicTimer(chore.Every, time);
        do
        {
            try
            {
                if (await leader.HoldAsync(stoppingToken) && await chore.RunOnceAsync(stoppingToken) is { } done)
                {
                    LogDone(done);
                }
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(chore.GetType().Name, ex.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Done}")]
    private partial void LogDone(string done);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Chore} could not be done, trying again later: {Reason}")]
    private partial void LogFailed(string chore, string reason);
}
