using System.Diagnostics.Metrics;
using RenderFarm.Coordinator.Feed;
using RenderFarm.Coordinator.Jobs;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Ledger;

/// <summary>Tells what a transaction of the ledger changed: the feed which jobs, the metrics how many frames and leases.</summary>
internal sealed class LedgerNews(Announcer announcer)
{
    private static readonly Meter Meter = new(Telemetry.Coordinator);
    private static readonly Counter<long> FramesRendered = Meter.CreateCounter<long>(Telemetry.FramesRendered);
    private static readonly Counter<long> FramesFailed = Meter.CreateCounter<long>(Telemetry.FramesFailed);
    private static readonly Counter<long> LeasesEnded = Meter.CreateCounter<long>(Telemetry.LeasesEnded);

    /// <summary>Of jobs, and of leases that ended before they were fully committed.</summary>
    public void Tell(EndResult result)
    {
        foreach (var lease in result.Leases)
        {
            LeasesEnded.Add(1, new KeyValuePair<string, object?>("outcome", lease.Outcome.ToString()));
        }

        Tell(result.Jobs);
    }

    /// <summary>Of a job that somebody cancelled, paused or resumed, and of its leases that ended with that.</summary>
    public void Tell(Job job, IReadOnlyList<EndedLease> leases) => Tell(new EndResult(leases, [new JobChange(job.Id, job.Version, job.State, job.Model, 0, 0)]));

    /// <summary>Of jobs.</summary>
    public void Tell(IReadOnlyList<JobChange> jobs)
    {
        foreach (var job in jobs)
        {
            var model = new KeyValuePair<string, object?>("model", job.Model);
            FramesRendered.Add(job.Rendered, model);
            FramesFailed.Add(job.Failed, model);
            announcer.Announce(new JobChanged(job.JobId, job.Version));
        }
    }
}
