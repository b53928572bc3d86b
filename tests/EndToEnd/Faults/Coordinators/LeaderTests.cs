using System.Diagnostics;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Coordinators;

public sealed class LeaderTests
{
    private static readonly TimeSpan HandsOverWithin = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F6_When_the_leader_is_killed_the_other_coordinator_offers_within_ten_seconds()
    {
        await using var farm = await Broken.FarmAsync();
        var leader = await farm.StartLeaderAsync();
        await farm.StartCoordinatorAsync("other", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 400));
        await farm.JobAsync(job.Id, x => x.Rendered >= 20, Broken.Patience, Cancellation);
        await farm.KillAsync(leader);

        var (start, offers) = (Stopwatch.GetTimestamp(), farm.History().Count(x => x.Event == "offer"));
        await farm.IsAsync(() => Task.FromResult(farm.History().Count(x => x.Event == "offer")), x => x > offers, Broken.Patience, Cancellation);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, HandsOverWithin + Broken.Crowded);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }

    [Fact(Explicit = true)]
    public async Task F6_A_leader_that_stood_still_and_goes_on_beside_the_next_leader_does_no_harm()
    {
        await using var farm = await Broken.FarmAsync();
        var leader = await farm.StartLeaderAsync();
        await farm.StartCoordinatorAsync("other", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 400));
        await farm.JobAsync(job.Id, x => x.Rendered >= 20, Broken.Patience, Cancellation);
        leader.Freeze();

        // Its database session ends as a server ends one whose client is gone: the other one leads.
        leader.Hops.Database.Reset();
        var before = (await farm.Client.GetJobAsync(job.Id, Cancellation)).Rendered;
        await farm.JobAsync(job.Id, x => x.Rendered > before, Broken.Patience, Cancellation);
        leader.Thaw();
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }

    [Fact(Explicit = true)]
    public async Task F22_Coordinators_and_workers_are_replaced_one_by_one_while_a_job_runs_and_no_frame_fails()
    {
        await using var farm = await Broken.FarmAsync();
        var coordinators = new List<FarmNode> { await farm.StartCoordinatorAsync("coordinator-0", Cancellation), await farm.StartCoordinatorAsync("coordinator-1", Cancellation) };
        var workers = new List<FarmNode>();
        foreach (var name in (string[])["one", "two"])
        {
            workers.Add(await farm.StartSimulatedAsync(name, TimeSpan.FromMilliseconds(100), Cancellation));
        }

        var job = await farm.SubmitAsync(Broken.Job(count: 600));
        await farm.JobAsync(job.Id, x => x.Rendered >= 10, Broken.Patience, Cancellation);
        foreach (var old in coordinators)
        {
            await farm.StartCoordinatorAsync($"{old.Name}-new", Cancellation);
            await EndsAsync(old);
            await using var migrate = farm.StartProgram("migrate");
            Assert.Equal(0, await migrate.ExitAsync(Broken.Patience, Cancellation));
        }

        foreach (var old in workers)
        {
            await EndsAsync(old);
            await farm.StartSimulatedAsync(old.Name[..^2], TimeSpan.FromMilliseconds(50), Cancellation);
        }

        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        Assert.Equal(0, await farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE outcome = 'Expired'", Cancellation));
    }

    private static async Task EndsAsync(FarmNode node)
    {
        node.Process.Terminate();
        Assert.Equal(0, await node.Process.ExitAsync(Broken.Patience, Cancellation));
    }
}
