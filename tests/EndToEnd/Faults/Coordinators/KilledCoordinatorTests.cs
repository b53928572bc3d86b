using System.Diagnostics;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Coordinators;

public sealed class KilledCoordinatorTests
{
    // Ten seconds until an offer has to be accepted, and the sweep.
    private static readonly TimeSpan OffersReturnWithin = TimeSpan.FromSeconds(12);

    // More than all confirmations of the worker's heartbeats, less than any offer.
    private const int OfferBytes = 1000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task F4_Offers_of_a_coordinator_that_dies_between_commit_and_send_return_and_nobody_is_struck()
    {
        await using var farm = await Broken.FarmAsync();
        var leader = await farm.StartLeaderAsync("dispatch.after_commit:kill");
        await farm.StartCoordinatorAsync("other", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 20));
        await farm.DiesAsync(leader, Broken.Patience, Cancellation);

        var start = Stopwatch.GetTimestamp();
        Assert.Equal(0, await AcceptedAsync(farm));
        await farm.IsAsync(() => AcceptedAsync(farm), x => x > 0, Broken.Patience, Cancellation);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, OffersReturnWithin + Broken.Crowded);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }

    [Fact]
    public async Task F5_An_offer_that_was_sent_and_never_confirmed_is_rendered_once_when_its_coordinator_dies()
    {
        await using var farm = await Broken.FarmAsync();
        var leader = await farm.StartLeaderAsync();
        await farm.StartCoordinatorAsync("other", Cancellation);
        var worker = await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);

        // The broker takes what the leader sends; its answer never arrives.
        leader.Hops.Broker.ToClient.IsHeld = true;
        var heard = worker.Hops.Broker.ToClient.Passed;
        var job = await farm.SubmitAsync(Broken.Job(count: 20));
        await farm.IsAsync(() => Task.FromResult(worker.Hops.Broker.ToClient.Passed - heard), x => x >= OfferBytes, Broken.Patience, Cancellation);
        await farm.KillAsync(leader);
        leader.Hops.Heal();

        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        Assert.Equal(job.FrameCount, await farm.CountAsync($"SELECT SUM(rendered) FROM attempts WHERE job_id = '{job.Id}'", Cancellation));
    }

    [Fact]
    public async Task A_commit_whose_answer_was_lost_with_its_coordinator_is_answered_by_the_next()
    {
        await using var farm = await Broken.FarmAsync();
        var first = await farm.StartCoordinatorAsync("first", Cancellation, "commit.before_answer:kill");
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 20));
        await farm.DiesAsync(first, Broken.Patience, Cancellation);
        await farm.StartCoordinatorAsync("second", Cancellation);

        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        await farm.StoresNothingElseAsync(Broken.Patience, job);
    }

    private static Task<long> AcceptedAsync(FaultFarm farm) =>
        farm.CountAsync("SELECT (SELECT COUNT(*) FROM leases WHERE state = 'Accepted') + (SELECT COUNT(*) FROM frames)", Cancellation);
}
