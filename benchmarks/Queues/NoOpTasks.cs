using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>Tasks that do nothing, from a durable submit to a durable result, through the farm and through another queue by turns.</summary>
internal static class NoOpTasks
{
    /// <summary>Frames of a job, and rows of an insert into the table of the other queue.</summary>
    public const int JobSize = 64;

    private const int Workers = 10;
    private const int WarmUps = 8;
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(20);

    public static Task<Report> AgainstHangfireAsync(int tasks, int peerTasks, int pairs, CancellationToken cancellationToken) => RunAsync(
        tasks, peerTasks, pairs, "Hangfire 1.8.25 on Hangfire.PostgreSql 1.21.1", 15,
        database => HangfireQueue.RunAsync(database, peerTasks, Workers, cancellationToken), cancellationToken);

    public static Task<Report> AgainstSkipLockedAsync(int tasks, int peerTasks, int pairs, CancellationToken cancellationToken) => RunAsync(
        tasks, peerTasks, pairs, "a loop that claims one row with SKIP LOCKED and updates it", 3,
        database => SkipLockedQueue.RunAsync(database, peerTasks, JobSize, Workers, cancellationToken), cancellationToken);

    private static async Task<Report> RunAsync(int tasks, int peerTasks, int pairs, string peer, double goal, Func<TestPostgres, Task<double>> runPeer, CancellationToken cancellationToken)
    {
        await using var database = await TestPostgres.CreateDatabaseAsync(cancellationToken);
        await using var farm = await SimulatedFarm.StartAsync(Workers, TimeSpan.Zero, cancellationToken);
        // Enough for the compiler to have seen it all.
        for (var warmUp = 0; warmUp < WarmUps; warmUp++)
        {
            await farm.RenderAsync(tasks, JobSize, AskEvery, cancellationToken);
        }

        await runPeer(database);
        var measured = await Report.ByTurnsAsync(
            pairs,
            async () => tasks / await farm.RenderAsync(tasks, JobSize, AskEvery, cancellationToken),
            async () => peerTasks / await runPeer(database));
        return new Report(
            "Tasks that do nothing",
            $"Tasks per second from the first submit over HTTP until every result is committed, against {peer}. Both have {Workers} workers, and the same server stores both durably.",
            [
                ("Tasks", $"{tasks:N0} of the farm, in jobs of {JobSize} images whose rendering takes no time and stores no object; {peerTasks:N0} of the peer"),
                ("Servers", await farm.Farm.VersionsAsync(cancellationToken)),
            ],
            "farm, tasks/s",
            "peer, tasks/s",
            measured,
            new Goal(IsAtLeast: true, goal));
    }
}
