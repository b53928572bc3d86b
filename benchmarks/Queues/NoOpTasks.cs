using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>Tasks that do nothing, from a durable submit to a durable result, through the farm and through another queue by turns.</summary>
internal static class NoOpTasks
{
    /// <summary>Frames of a job, and rows of an insert into the table of the other queue.</summary>
    public const int JobSize = 64;

    private const int Workers = 10;
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(20);

    public static Task<Report> AgainstHangfireAsync(int tasks, int pairs, CancellationToken cancellationToken) => RunAsync(
        tasks, pairs, "Hangfire 1.8.25 on Hangfire.PostgreSql 1.21.1", 15,
        database => HangfireQueue.RunAsync(database, tasks, Workers, cancellationToken), cancellationToken);

    public static Task<Report> AgainstSkipLockedAsync(int tasks, int pairs, CancellationToken cancellationToken) => RunAsync(
        tasks, pairs, "a loop that claims one row with SKIP LOCKED and updates it", 3,
        database => SkipLockedQueue.RunAsync(database, tasks, JobSize, Workers, cancellationToken), cancellationToken);

    private static async Task<Report> RunAsync(int tasks, int pairs, string peer, double goal, Func<TestPostgres, Task<double>> runPeer, CancellationToken cancellationToken)
    {
        await using var database = await TestPostgres.CreateDatabaseAsync(cancellationToken);
        await using var farm = await SimulatedFarm.StartAsync(Workers, TimeSpan.Zero, cancellationToken);
        await farm.RenderAsync(tasks, JobSize, AskEvery, cancellationToken);
        await runPeer(database);
        var measured = await Report.ByTurnsAsync(
            pairs,
            async () => tasks / await farm.RenderAsync(tasks, JobSize, AskEvery, cancellationToken),
            async () => tasks / await runPeer(database));
        return new Report(
            "Tasks that do nothing",
            $"Tasks per second from the first submit over HTTP until every result is committed, against {peer}. Both have {Workers} workers, and the same server stores both durably.",
            [
                ("Tasks", $"{tasks:N0}; the farm's come in jobs of {JobSize} images whose rendering takes no time and stores no object"),
                ("Servers", await farm.Farm.VersionsAsync(cancellationToken)),
            ],
            "farm, tasks/s",
            "peer, tasks/s",
            measured,
            new Goal(IsAtLeast: true, goal));
    }
}
