using RenderFarm.Coordinator.Workers;

namespace RenderFarm.Coordinator.Standing;

/// <summary>A worker that has rendered frames of a job lately.</summary>
internal readonly record struct RenderedLately(string Worker, Guid JobId, string Model);

/// <summary>What a worker's strikes lead to. Pure: the same strikes give the same verdict.</summary>
/// <param name="Strikes">Strikes that count towards a drain.</param>
/// <param name="DrainReason">Why the worker is to be drained; null when it is not.</param>
/// <param name="Blocks">What it is to be blocked for.</param>
internal sealed record Verdict(int Strikes, string? DrainReason, IReadOnlyList<BlockTarget> Blocks)
{
    /// <summary>Judges one process by the strikes that are neither void nor too old, its own and those of others.</summary>
    public static Verdict Of(string worker, long epoch, IReadOnlyList<Strike> strikes, IReadOnlyCollection<RenderedLately> rendered, StandingOptions options)
    {
        var own = strikes.Where(strike => strike.Worker == worker && strike.WorkerEpoch == epoch).ToList();
        var counted = Counted(worker, own, strikes);
        var last = own.MaxBy(strike => strike.At);
        return new Verdict(
            counted,
            counted >= options.StrikesToDrain && last is not null
                ? DrainReasons.OfStrikes($"{counted} in {options.Within.TotalMinutes:0.#} min, the last over model {last.Model} in attempt {last.AttemptId} ({last.ErrorClass}).")
                : null,
            [.. Models(worker, own, strikes, rendered, options), .. Jobs(worker, own, strikes, rendered, options)]);
    }

    /// <summary>A job that struck other workers too is a suspect itself: all its strikes count as one, so that one poisoned job does not drain a farm.</summary>
    private static int Counted(string worker, List<Strike> own, IReadOnlyList<Strike> all)
    {
        var suspects = all.Where(strike => strike.Worker != worker).Select(strike => strike.JobId).ToHashSet();
        return own.GroupBy(strike => strike.JobId).Sum(job => suspects.Contains(job.Key) ? 1 : job.Count());
    }

    /// <summary>A worker that renders other jobs of the model well has no trouble with the model but with the job.</summary>
    private static IEnumerable<BlockTarget> Models(string worker, List<Strike> own, IReadOnlyList<Strike> all, IReadOnlyCollection<RenderedLately> rendered, StandingOptions options) =>
        from model in own.GroupBy(strike => strike.Model)
        where model.Count() >= options.StrikesToBlock
        let struck = all.Where(strike => strike.Model == model.Key).Select(strike => strike.Worker).ToHashSet()
        let jobs = model.Select(strike => strike.JobId).ToHashSet()
        where rendered.Any(work => work.Model == model.Key && !struck.Contains(work.Worker))
        where !rendered.Any(work => work.Model == model.Key && work.Worker == worker && !jobs.Contains(work.JobId))
        select new BlockTarget(BlockScope.Model, model.Key, Why(model.Count(), "model", options));

    private static IEnumerable<BlockTarget> Jobs(string worker, List<Strike> own, IReadOnlyList<Strike> all, IReadOnlyCollection<RenderedLately> rendered, StandingOptions options) =>
        from job in own.GroupBy(strike => strike.JobId)
        where job.Count() >= options.StrikesToBlock
        let struck = all.Where(strike => strike.JobId == job.Key).Select(strike => strike.Worker).ToHashSet()
        where rendered.Any(work => work.JobId == job.Key && !struck.Contains(work.Worker))
        select new BlockTarget(BlockScope.Job, job.Key.ToString(), Why(job.Count(), "job", options));

    private static string Why(int strikes, string what, StandingOptions options) =>
        $"{strikes} strikes over this {what} in {options.Within.TotalMinutes:0.#} min, while other workers render it.";
}

/// <summary>Drain reasons that strikes wrote can be told from those that people wrote, for only the former are lifted with the strikes.</summary>
internal static class DrainReasons
{
    private const string Strikes = "Strikes: ";

    public static string OfStrikes(string detail) => Strikes + detail;

    public static bool IsOfStrikes(string? reason) => reason?.StartsWith(Strikes, StringComparison.Ordinal) == true;
}
