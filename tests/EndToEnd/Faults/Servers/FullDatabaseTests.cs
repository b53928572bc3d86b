using System.Net;
using RenderFarm.Client;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Faults;
using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class FullDatabaseTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F18_A_database_without_room_for_tables_refuses_jobs_and_says_why_and_goes_on_when_there_is_room()
    {
        await using var own = await OwnServers.StartAsync(Cancellation, "postgres");
        using var disk = await DiskOverAsync(own, "base", "160m");
        await using var farm = await Broken.FarmAsync(own);
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(100), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 600));
        await farm.JobAsync(job.Id, x => x.Rendered >= 20, Broken.Patience, Cancellation);
        disk.Fill();

        var promised = new List<JobView>();
        var refusal = await RefusedAsync(farm, promised, () => Task.CompletedTask);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal.Status);
        Assert.Contains("no room", refusal.Detail, StringComparison.Ordinal);
        Assert.Equal(JobState.Running, (await farm.Client.GetJobAsync(job.Id, Cancellation)).State);

        disk.Empty();
        await EndWholeAsync(farm, [job, .. promised]);
    }

    [Fact(Explicit = true)]
    public async Task F18_A_database_whose_log_has_no_room_keeps_every_job_that_was_promised_and_goes_on_when_there_is_room()
    {
        await using var own = await OwnServers.StartAsync(Cancellation, "postgres");
        using var disk = await DiskOverAsync(own, "pg_wal", "128m");
        await using var farm = await Broken.FarmAsync(own);
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(100), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 200));
        await farm.JobAsync(job.Id, x => x.Rendered >= 20, Broken.Patience, Cancellation);
        disk.Fill();

        // PostgreSQL cannot go on without its log: it ends, and comes back when somebody starts it.
        var promised = new List<JobView>();
        var refusal = await RefusedAsync(farm, promised, () => farm.CountAsync("SELECT pg_switch_wal() - pg_lsn '0/0'", Cancellation));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal.Status);
        disk.Empty();
        await own.UpAsync(Cancellation, "postgres");
        await EndWholeAsync(farm, [job, .. promised]);
    }

    private static async Task<SmallDisk> DiskOverAsync(OwnServers own, string folder, string size)
    {
        await own.DownAsync(Cancellation, "postgres");
        var disk = new SmallDisk(size, Path.Combine(own.Root, "postgres", "data", folder));
        await own.UpAsync(Cancellation, "postgres");
        return disk;
    }

    /// <summary>Submits jobs that need room, and does something after each, until one is refused; keeps those that were taken.</summary>
    private static async Task<RenderFarmException> RefusedAsync(FaultFarm farm, List<JobView> promised, Func<Task> next)
    {
        RenderFarmException? refusal = null;
        await farm.IsAsync(
            async () =>
            {
                try
                {
                    promised.Add(await farm.Client.SubmitAsync(ManyPrompts(promised.Count), $"key-{promised.Count}", Cancellation));
                    await next();
                }
                catch (RenderFarmException refused)
                {
                    refusal = refused;
                }

                return refusal;
            },
            x => x is not null, Broken.Patience, Cancellation);
        return refusal!;
    }

    /// <summary>A job of one frame for each of its prompts, which hardly compress.</summary>
    private static JobRequest ManyPrompts(int seed)
    {
        var words = new Random(seed);
        var request = Broken.Job(count: 1);
        return request with { Prompts = [.. Enumerable.Range(0, 40).Select(_ => Convert.ToHexString(Words(words)))], Settings = request.Settings with { Prompt = null } };
    }

    private static byte[] Words(Random words)
    {
        var bytes = new byte[400];
        words.NextBytes(bytes);
        return bytes;
    }

    private static async Task EndWholeAsync(FaultFarm farm, IReadOnlyList<JobView> jobs)
    {
        foreach (var job in jobs)
        {
            await farm.JobAsync(job.Id, x => x.State is JobState.Completed, Broken.Patience, Cancellation);
            Assert.Equal(0, await farm.BlamedAsync(job));
        }

        await farm.EndsWholeAsync(jobs[^1]);
    }
}
