using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class DatabaseFailoverTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F10_A_synchronous_standby_that_takes_over_has_every_job_that_was_promised()
    {
        await using var own = await OwnServers.StartAsync(Cancellation, "postgres");
        await using var standby = await own.StartStandbyAsync(Cancellation);
        await using var farm = await Broken.FarmAsync(own);
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(200), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 100));
        await farm.JobAsync(job.Id, x => x.Rendered >= 10, Broken.Patience, Cancellation);
        var last = await farm.SubmitAsync(Broken.Job(count: 10));
        await own.CrashAsync("postgres", Cancellation);
        await standby.PromoteAsync(Cancellation);
        coordinator.Hops.Database.ServerPort = standby.Port;
        farm.Database.MoveTo(standby.Port);

        await farm.EndsWholeAsync(job);
        await farm.EndsWholeAsync(last);
        Assert.InRange(farm.MostOffersOfAFrame(job), 1, 2);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }
}
