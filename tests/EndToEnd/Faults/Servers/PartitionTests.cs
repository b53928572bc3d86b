using System.Diagnostics;
using RenderFarm.Shared;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class PartitionTests
{
    private static readonly TimeSpan DrainsWithin = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Faults => ["both directions", "only what it sends", "only what it receives", "half open"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task F13_Frames_of_a_worker_that_is_cut_off_from_the_broker_go_elsewhere_and_each_has_one_result(string fault)
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var cut = await farm.StartSimulatedAsync("cut", TimeSpan.FromMilliseconds(200), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 40));
        await farm.JobAsync(job.Id, x => x.Rendered >= 2, Broken.Patience, Cancellation);
        Break(cut.Hops.Broker, fault);
        await farm.StartSimulatedAsync("other", TimeSpan.FromMilliseconds(200), Cancellation);

        // One-way holes leave enough of the protocol to go on with; whoever renders, it ends.
        await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Broken.Patience, Cancellation);
        cut.Hops.Heal();
        var start = Stopwatch.GetTimestamp();
        await farm.IsAsync(
            () => farm.Client.WorkersAsync(Cancellation), workers => workers.Single(x => x.Name == "cut-0").State == WorkerState.Ready, DrainsWithin + Broken.Crowded, Cancellation);
        await farm.StoresNothingElseAsync(DrainsWithin + Broken.Crowded - Stopwatch.GetElapsedTime(start), job);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        await farm.EndsWholeAsync(await farm.SubmitAsync(Broken.Job(count: 8)));
    }

    [Fact]
    public async Task F13_A_coordinator_that_is_cut_off_from_the_broker_goes_on_when_the_way_is_back()
    {
        await using var farm = await Broken.FarmAsync();
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(100), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 60));
        await farm.JobAsync(job.Id, x => x.Rendered >= 2, Broken.Patience, Cancellation);
        coordinator.Hops.Broker.BlackHole();
        var start = Stopwatch.GetTimestamp();
        await farm.IsAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(start)), x => x > Broken.LeaseFor + Broken.Sweep, Broken.Patience, Cancellation);
        coordinator.Hops.Heal();

        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        await farm.StoresNothingElseAsync(DrainsWithin + Broken.Crowded, job);
    }

    private static void Break(TcpProxy broker, string fault)
    {
        switch (fault)
        {
            case "both directions":
                broker.BlackHole();
                break;
            case "only what it sends":
                broker.ToServer.IsHeld = true;
                break;
            case "only what it receives":
                broker.ToClient.IsHeld = true;
                break;
            default:
                broker.HalfOpen();
                break;
        }
    }
}
