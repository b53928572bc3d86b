using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using RenderFarm.Shared;
using RenderFarm.TestKit.Faults;
using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class DatabaseOutageTests
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task F8_A_database_that_crashes_and_comes_back_ten_seconds_later_loses_no_job_and_costs_no_frame_more_than_one_retry()
    {
        await using var own = await OwnServers.StartAsync(Cancellation, "postgres");
        // The outage lasts longer than a lease, a standstill of a busy machine does not: that would be a retry of its own.
        await using var farm = await Broken.FarmAsync(own, ("Ledger__LeaseFor", Outage.ToString()));
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(200), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 100));
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Broken.Patience, Cancellation);
        var crashed = TimeProvider.System.GetTimestamp();
        await own.CrashAsync("postgres", Cancellation);

        await RefusesSubmitsAsync(farm, coordinator);
        await farm.IsAsync(() => Task.FromResult(TimeProvider.System.GetElapsedTime(crashed)), x => x >= Outage, Broken.Patience, Cancellation);
        await own.UpAsync(Cancellation, "postgres");
        await farm.EndsWholeAsync(job);
        Assert.InRange(farm.MostOffersOfAFrame(job), 1, 2);
        Assert.Equal(0, await farm.BlamedAsync(job));
        var next = await farm.SubmitAsync(Broken.Job(count: 4));
        await farm.EndsWholeAsync(next);
    }

    private static async Task RefusesSubmitsAsync(FaultFarm farm, FarmNode coordinator)
    {
        using var http = new HttpClient { BaseAddress = coordinator.Address };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", FaultFarm.Key);
        // A session of the killed server may live for a moment longer and keep one more promise.
        var response = await farm.IsAsync(
            () => http.PostAsJsonAsync("v1/jobs", Broken.Job(count: 1), FarmJson.Options, Cancellation), x => x.StatusCode != HttpStatusCode.Accepted, Broken.Patience, Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
    }
}
