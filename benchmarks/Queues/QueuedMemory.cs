namespace RenderFarm.Benchmarks.Queues;

/// <summary>How much more memory a coordinator takes when a million images wait than when a thousand do.</summary>
internal static class QueuedMemory
{
    private const int Few = 1000;
    private const double Mebibyte = 1 << 20;

    // One worker that is busy all the time: what is submitted waits.
    private static readonly TimeSpan FrameTime = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(30);

    public static async Task<Figures> RunAsync(int images, CancellationToken cancellationToken)
    {
        await using var farm = await SimulatedFarm.StartAsync(workers: 1, FrameTime, cancellationToken);
        var coordinator = farm.Farm.CoordinatorProcess(0).Id;

        // The submits themselves let the heap grow: that is not what waiting images cost.
        await farm.SubmitAsync(images / 10, NoOpTasks.JobSize, cancellationToken);
        await CancelAllAsync(farm, cancellationToken);
        await farm.SubmitAsync(Few, NoOpTasks.JobSize, cancellationToken);
        await Task.Delay(Settles, cancellationToken);
        var few = ProcessUse.ResidentBytes(coordinator);
        await farm.SubmitAsync(images - Few, NoOpTasks.JobSize, cancellationToken);
        await Task.Delay(Settles, cancellationToken);
        var many = ProcessUse.ResidentBytes(coordinator);
        var waiting = await farm.CountAsync("SELECT sum(count)::bigint FROM spans", cancellationToken);
        var bytes = await farm.CountAsync("SELECT pg_total_relation_size('spans') + pg_total_relation_size('jobs')", cancellationToken);
        return new Figures(
            "Memory of a long queue",
            $"Resident memory of the coordinator {Settles.TotalSeconds:0} s after the last submit, with {images:N0} images waiting in jobs of {NoOpTasks.JobSize} less that with {Few:N0}.",
            [("Waiting at the end", $"{waiting:N0} images"), ("Servers", await farm.Farm.VersionsAsync(cancellationToken))],
            [],
            [
                new Figure("Growth, MiB", (many - few) / Mebibyte, new Goal(false, 64)),
                new Figure($"Resident with {Few:N0}, MiB", few / Mebibyte, null),
                new Figure($"Resident with {images:N0}, MiB", many / Mebibyte, null),
                new Figure("Bytes in PostgreSQL per waiting image, jobs and spans", bytes / (double)waiting, null),
            ]);
    }

    private static async Task CancelAllAsync(SimulatedFarm farm, CancellationToken cancellationToken)
    {
        var jobs = await farm.JobsAsync(cancellationToken);
        await Parallel.ForEachAsync(jobs, cancellationToken, async (job, cancellation) => await farm.Farm.Client.CancelJobAsync(job, cancellation));
    }
}
