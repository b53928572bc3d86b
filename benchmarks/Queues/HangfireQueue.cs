using System.Diagnostics;
using Hangfire;
using Hangfire.PostgreSql;
using Npgsql;
using RenderFarm.TestKit.Services;

namespace RenderFarm.Benchmarks.Queues;

/// <summary>Hangfire on PostgreSQL, set up for speed: long polling, as many workers as asked, a schema of its own each time.</summary>
internal static class HangfireQueue
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(20);
    private static int _run;
    private static int _executed;

    /// <summary>Seconds from the first enqueue until all tasks have run and are stored as succeeded.</summary>
    public static async Task<double> RunAsync(TestPostgres database, int tasks, int workers, CancellationToken cancellationToken)
    {
        var schema = $"hangfire{Interlocked.Increment(ref _run)}";
        var storage = new PostgreSqlStorage(
            new Hangfire.PostgreSql.Factories.NpgsqlConnectionFactory(PoolOf(database, workers), new PostgreSqlStorageOptions()),
            new PostgreSqlStorageOptions { SchemaName = schema, EnableLongPolling = true, QueuePollInterval = TimeSpan.FromMilliseconds(50), PrepareSchemaIfNecessary = true });
        _executed = 0;
        using var server = new BackgroundJobServer(new BackgroundJobServerOptions { WorkerCount = workers, SchedulePollingInterval = TimeSpan.FromHours(1) }, storage);
        var client = new BackgroundJobClient(storage);
        var monitoring = storage.GetMonitoringApi();
        var start = Stopwatch.GetTimestamp();
        await Parallel.ForAsync(0, tasks, new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = cancellationToken }, (_, _) =>
        {
            client.Create(() => Execute(), new Hangfire.States.EnqueuedState());
            return ValueTask.CompletedTask;
        });
        while (Volatile.Read(ref _executed) < tasks || monitoring.SucceededListCount() < tasks)
        {
            await Task.Delay(AskEvery, cancellationToken);
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>The task.</summary>
    public static void Execute() => Interlocked.Increment(ref _executed);

    // A worker holds one connection and its fetch another.
    private static string PoolOf(TestPostgres database, int workers) =>
        new NpgsqlConnectionStringBuilder(database.ConnectionString) { MaxPoolSize = (3 * workers) + 10 }.ConnectionString;
}
