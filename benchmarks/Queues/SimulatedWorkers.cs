using System.Diagnostics;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>How much of what its workers could render a farm gets out of them, and what they cost it when there is nothing to do.</summary>
internal static class SimulatedWorkers
{
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan IdleFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(15);

    // A process compiles for a while after its start.
    private static readonly TimeSpan CompilesFor = TimeSpan.FromSeconds(90);

    /// <summary>Images per second of many workers against the number that their rendering alone would allow.</summary>
    public static async Task<Figures> ScalingAsync(CancellationToken cancellationToken)
    {
        var rows = new List<Figure>();
        var servers = "";
        foreach (var (workers, milliseconds, goal) in new[] { (16, 500, 0.98), (256, 500, 0.93), (64, 30, 0.7) })
        {
            await using var farm = await SimulatedFarm.StartAsync(workers, TimeSpan.FromMilliseconds(milliseconds), cancellationToken);
            servers = await farm.Farm.VersionsAsync(cancellationToken);
            var ideal = workers * 1000.0 / milliseconds;
            var (rate, coordinatorCpu) = await RateAsync(farm, ideal, cancellationToken);
            rows.Add(new Figure($"{workers} workers at {milliseconds} ms an image: images/s over ideal", rate / ideal, new Goal(true, goal), ideal, rate, coordinatorCpu));
            Console.WriteLine($"{workers} workers at {milliseconds} ms: {rate:F1} of {ideal:F1} images/s, coordinator {coordinatorCpu:F3} cores");
        }

        return new Figures(
            "Simulated workers",
            $"Images committed in {Measured.TotalSeconds:0} s by workers that sleep instead of rendering, over workers divided by the time of an image. Coordinator, workers, PostgreSQL and RabbitMQ share the cores.",
            [("Jobs", $"{NoOpTasks.JobSize} images each, always some waiting"), ("Servers", servers)],
            ["ideal images/s", "images/s", "coordinator, cores"],
            rows);
    }

    /// <summary>Processor time of a coordinator and its servers for workers that have nothing to do.</summary>
    public static async Task<Figures> IdleAsync(int workers, CancellationToken cancellationToken)
    {
        await using var farm = await SimulatedFarm.StartAsync(workers: 0, TimeSpan.Zero, cancellationToken);
        var alone = await CpuAsync(farm, cancellationToken);
        await farm.AddWorkersAsync(workers, TimeSpan.FromSeconds(1), cancellationToken);
        var connected = await CpuAsync(farm, cancellationToken);
        return new Figures(
            "Idle workers",
            $"Processor time of the coordinator over {IdleFor.TotalSeconds:0} s with {workers:N0} workers that have nothing to do, in cores; the goal is for all of it, the coordinator's own idle loops included.",
            [("Servers", await farm.Farm.VersionsAsync(cancellationToken))],
            ["without workers"],
            [
                new Figure("Coordinator", connected.Coordinator, new Goal(false, 0.05), alone.Coordinator),
                new Figure("PostgreSQL", connected.Database, null, alone.Database),
                new Figure("RabbitMQ", connected.Broker, null, alone.Broker),
            ]);
    }

    private static async Task<(double Rate, double CoordinatorCores)> RateAsync(SimulatedFarm farm, double ideal, CancellationToken cancellationToken)
    {
        var enough = ideal * (Measured + Settles + Settles).TotalSeconds;
        await farm.SubmitAsync((int)enough, NoOpTasks.JobSize, cancellationToken);
        await Task.Delay(Settles, cancellationToken);
        var coordinator = farm.Farm.CoordinatorProcess(0).Id;
        var (before, cpu, start) = (await farm.RenderedAsync(cancellationToken), ProcessUse.CpuSeconds(coordinator), Stopwatch.GetTimestamp());
        await Task.Delay(Measured, cancellationToken);
        var (after, seconds) = (await farm.RenderedAsync(cancellationToken), Stopwatch.GetElapsedTime(start).TotalSeconds);
        return ((after - before) / seconds, (ProcessUse.CpuSeconds(coordinator) - cpu) / seconds);
    }

    private static async Task<(double Coordinator, double Database, double Broker)> CpuAsync(SimulatedFarm farm, CancellationToken cancellationToken)
    {
        await Task.Delay(CompilesFor, cancellationToken);
        var coordinator = farm.Farm.CoordinatorProcess(0).Id;
        (double, double, double) Now() => (ProcessUse.CpuSeconds(coordinator), ProcessUse.CpuSeconds("postgres"), ProcessUse.CpuSeconds("beam.smp"));
        var (before, start) = (Now(), Stopwatch.GetTimestamp());
        await Task.Delay(IdleFor, cancellationToken);
        var (after, seconds) = (Now(), Stopwatch.GetElapsedTime(start).TotalSeconds);
        return ((after.Item1 - before.Item1) / seconds, (after.Item2 - before.Item2) / seconds, (after.Item3 - before.Item3) / seconds);
    }
}
