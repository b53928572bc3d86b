using Microsoft.Extensions.Options;
using RenderFarm.Coordinator.Database;
using RenderFarm.Coordinator.Ledger;
using RenderFarm.Coordinator.Standing;
using RenderFarm.Coordinator.Workers;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Leases;

/// <summary>Returns to their spans the leases that were neither accepted nor renewed in time. After an outage all of them live one lease longer first: nobody could renew.</summary>
internal sealed partial class ExpireLeases(
    FrameLedger ledger, LedgerNews news, LeaderLock leader, LoseWorkers workers, Incidents incidents, IOptions<LedgerOptions> options, TimeProvider time, ILogger<ExpireLeases> logger) : LeaderLoop(Every, leader, time, logger)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>Expires them; the answer is how many.</summary>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (Leader.Outage is { } outage)
        {
            LogExtended(await ledger.ExtendAsync(options.Value.LeaseFor, cancellationToken), outage);
            Leader.OutageIsOver();
            await incidents.PassedAsync(
                IncidentKind.Coordinators, $"Nobody led for {outage.TotalSeconds:0} s: the database, the broker or the coordinators were away.", outage, cancellationToken);
            return 0;
        }

        var result = await ledger.ExpireAsync(cancellationToken);
        foreach (var lease in result.Leases)
        {
            LogExpired(lease.AttemptId, lease.JobId, lease.Worker);
        }

        news.Tell(result);
        foreach (var (worker, epoch) in result.Leases.Where(x => x.Outcome == AttemptOutcome.Expired).Select(x => (x.Worker, x.WorkerEpoch)).Distinct())
        {
            await workers.LoseSilentAsync(worker, epoch, cancellationToken);
        }

        return result.Leases.Count;
    }

    protected override Task RoundAsync(CancellationToken cancellationToken) => RunOnceAsync(cancellationToken);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Leases} leases were extended, because nobody led for {Outage}")]
    private partial void LogExtended(int leases, TimeSpan outage);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Lease {AttemptId} of job {JobId} on worker {WorkerId} expired; its frames wait again")]
    private partial void LogExpired(Guid attemptId, Guid jobId, string workerId);
}
