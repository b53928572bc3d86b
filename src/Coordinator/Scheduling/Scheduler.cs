using System.Diagnostics;
using System.Diagnostics.Metrics;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>The loop that matches waiting spans to free slots: on every change of a job or worker, at most every 20 ms, and once a second in any case. Only the leader's runs.</summary>
internal sealed partial class Scheduler(MatchWork match, ReadyWorkers workers, LeaderLock leader, FarmFeed feed, TimeProvider time, ILogger<Scheduler> logger) : BackgroundService
{
    private static readonly TimeSpan Soonest = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Latest = TimeSpan.FromSeconds(1);
    private static readonly Meter Meter = new(Telemetry.Coordinator);
    private static readonly Histogram<double> MatchDuration = Meter.CreateHistogram<double>(Telemetry.MatchDuration, "s");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var changes = feed.Subscribe();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (await leader.HoldAsync(stoppingToken))
                {
                    await TickAsync(stoppingToken);
                }
            }
            catch (Exception ex) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(ex.Message);
                await Task.Delay(Latest, time, stoppingToken);
            }

            await Task.Delay(Soonest, time, stoppingToken);
            await ChangeAsync(changes, stoppingToken);
        }
    }

    private async Task TickAsync(CancellationToken stoppingToken)
    {
        var start = Stopwatch.GetTimestamp();
        var offered = await match.RunOnceAsync(stoppingToken);
        MatchDuration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds);
        if (offered > 0)
        {
            LogOffered(offered);
        }
    }

    /// <summary>Waits for something that may have freed a slot or brought work.</summary>
    private async Task ChangeAsync(FeedSubscription changes, CancellationToken stoppingToken)
    {
        using var latest = new CancellationTokenSource(Latest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, latest.Token);
        try
        {
            FeedChanges next;
            do
            {
                next = await changes.NextAsync(either.Token);
                if (next.Workers)
                {
                    workers.Changed();
                }
            }
            while (next.Jobs.Count == 0 && !next.Workers);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Leases} leases offered")]
    private partial void LogOffered(int leases);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Work could not be matched, trying again: {Reason}")]
    private partial void LogFailed(string reason);
}
