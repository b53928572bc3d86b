namespace RenderFarm.Coordinator.Scheduling;

/// <summary>Tells once of each job that waits though workers are ready, because none of them may render it.</summary>
internal sealed partial class StrandedJobs(ILogger<StrandedJobs> logger)
{
    private readonly HashSet<Guid> _told = [];

    /// <summary>Looks at a tick's demand.</summary>
    public void Note(IReadOnlyList<Demand> demand, IReadOnlyList<Supply> supply)
    {
        var stranded = demand.DistinctBy(span => span.JobId).Where(span => !supply.Any(worker => worker.May(span))).ToList();
        foreach (var span in stranded.Where(span => _told.Add(span.JobId)))
        {
            LogStranded(span.JobId, span.Model, supply.Count);
        }

        _told.IntersectWith(stranded.Select(span => span.JobId));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Job {JobId} waits: none of the {Workers} workers that are ready may render it; they lack model {Model} as it was accepted for, or are blocked")]
    private partial void LogStranded(Guid jobId, string model, int workers);
}
