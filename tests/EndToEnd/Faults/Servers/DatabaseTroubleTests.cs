using System.Diagnostics;
using Npgsql;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class DatabaseTroubleTests
{
    // The farm's own connections may not be idle in a transaction for more than 30 s; this one is somebody else's.
    private static readonly TimeSpan StaysOpen = TimeSpan.FromMinutes(2);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F9_While_database_sessions_are_ended_five_times_a_second_one_idempotency_key_makes_one_job()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("one", Cancellation);
        await farm.StartCoordinatorAsync("two", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(5), Cancellation);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var ending = EndSessionsAsync(farm, enough.Token);

        var jobs = new List<JobView>();
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
        {
            var key = $"key-{jobs.Count}";
            var job = await SubmitUntilTakenAsync(farm, key);
            Assert.Equal(job.Id, (await SubmitUntilTakenAsync(farm, key)).Id);
            jobs.Add(job);
        }

        await enough.CancelAsync();
        Assert.True(await ending > 100, "Fewer sessions were ended than the test is about.");
        Assert.Equal(jobs.Count, await farm.CountAsync("SELECT COUNT(*) FROM jobs", Cancellation));
        foreach (var job in jobs)
        {
            await farm.JobAsync(job.Id, x => x.State is JobState.Completed or JobState.Failed, Broken.Patience, Cancellation);
            Assert.Equal(0, await farm.BlamedAsync(job));
        }

        await farm.EndsWholeAsync(jobs[^1]);
    }

    [Fact(Explicit = true)]
    public async Task F21_A_transaction_that_is_left_open_for_two_minutes_costs_at_most_a_quarter_of_the_throughput()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(40), Cancellation, workers: 8);
        var job = await farm.SubmitAsync(Broken.Job(count: 1_000_000));
        await farm.JobAsync(job.Id, x => x.Rendered >= 500, Broken.Patience, Cancellation);
        var before = await RateAsync(farm, job);

        await using var connection = new NpgsqlConnection(farm.Database.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, Cancellation);
        await using (var look = new NpgsqlCommand("SELECT COUNT(*) FROM leases", connection, transaction))
        {
            await look.ExecuteScalarAsync(Cancellation);
        }

        // Meanwhile nothing that dies can be vacuumed: tens of thousands of dead leases lie in a table of a few living ones.
        var start = Stopwatch.GetTimestamp();
        await farm.IsAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(start)), x => x > StaysOpen, StaysOpen + StaysOpen, Cancellation);
        Assert.InRange(await RateAsync(farm, job), before * 0.75, double.MaxValue);
        await farm.Client.CancelJobAsync(job.Id, Cancellation);
        await farm.CheckAsync(Cancellation);
    }

    private static async Task<double> RateAsync(FaultFarm farm, JobView job)
    {
        var (start, from) = (Stopwatch.GetTimestamp(), (await farm.Client.GetJobAsync(job.Id, Cancellation)).Rendered);
        var until = await farm.IsAsync(() => farm.Client.GetJobAsync(job.Id, Cancellation), _ => Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(20), Broken.Patience, Cancellation);
        return (until.Rendered - from) / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<JobView> SubmitUntilTakenAsync(FaultFarm farm, string key) => await farm.IsAsync(
        () => farm.Client.SubmitAsync(Broken.Job(count: 2), key, Cancellation), _ => true, Broken.Patience, Cancellation);

    private static async Task<long> EndSessionsAsync(FaultFarm farm, CancellationToken enough)
    {
        var ended = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (!enough.IsCancellationRequested)
        {
            try
            {
                ended += await farm.CountAsync(
                    "SELECT COUNT(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1) x", enough);
                await timer.WaitForNextTickAsync(enough);
            }
            catch (Exception ex) when (ex is NpgsqlException or OperationCanceledException)
            {
            }
        }

        return ended;
    }
}
