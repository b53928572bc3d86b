using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>What one image costs the database and the broker, whatever the hardware.</summary>
internal static class CostPerImage
{
    private const int Workers = 10;
    private const int PeerTasks = 1000;

    // Its questions are counted as well.
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(250);

    public static async Task<Figures> RunAsync(int images, CancellationToken cancellationToken)
    {
        await using var farm = await SimulatedFarm.StartAsync(Workers, TimeSpan.Zero, cancellationToken);
        await farm.RenderAsync(images, NoOpTasks.JobSize, AskEvery, cancellationToken);
        var address = farm.Farm.Settings["RENDERFARM__Database__ConnectionString"];
        var ours = await CountAsync(address, farm.Farm.Broker, () => farm.RenderAsync(images, NoOpTasks.JobSize, AskEvery, cancellationToken), cancellationToken);

        await using var database = await TestPostgres.CreateDatabaseAsync(cancellationToken);
        await HangfireQueue.RunAsync(database, PeerTasks, Workers, cancellationToken);
        var hangfire = await CountAsync(database.ConnectionString, null, () => HangfireQueue.RunAsync(database, PeerTasks, Workers, cancellationToken), cancellationToken);
        await SkipLockedQueue.RunAsync(database, PeerTasks, NoOpTasks.JobSize, Workers, cancellationToken);
        var loop = await CountAsync(
            database.ConnectionString, null, () => SkipLockedQueue.RunAsync(database, PeerTasks, NoOpTasks.JobSize, Workers, cancellationToken), cancellationToken);

        Figure Of(string name, Func<ServerCounters, long> count, double goal, bool isOfPeers = true) => new(
            name, count(ours) / (double)images, new Goal(IsAtLeast: false, goal),
            isOfPeers ? count(hangfire) / (double)PeerTasks : null, isOfPeers ? count(loop) / (double)PeerTasks : null);
        return new Figures(
            "What an image costs the servers",
            $"{images:N0} images in jobs of {NoOpTasks.JobSize}, from the submit over HTTP to the committed result, by the counters of the servers. The coordinator's idle loops and the questions of this program are counted with them.",
            [
                ("Workers", $"{Workers}, which only pretend to render"),
                ("Peers", $"{PeerTasks:N0} tasks: Hangfire 1.8.25 on Hangfire.PostgreSql 1.21.1 while its server runs, and a loop that claims one row with SKIP LOCKED"),
                ("Servers", await farm.Farm.VersionsAsync(cancellationToken)),
            ],
            ["Hangfire", "SKIP LOCKED"],
            [
                Of("Commits per image", x => x.Commits, 0.10),
                Of("Statements per image", x => x.Statements, 0.5),
                Of("Bytes of write-ahead log per image", x => x.WalBytes, 1000),
                Of("Broker messages per image", x => x.Messages, 0.25, isOfPeers: false),
            ]);
    }

    private static async Task<ServerCounters> CountAsync(string database, TestRabbitMq? broker, Func<Task> run, CancellationToken cancellationToken)
    {
        var before = await ServerCounters.ReadAsync(database, broker, cancellationToken);
        await run();
        return await ServerCounters.ReadAsync(database, broker, cancellationToken) - before;
    }
}
