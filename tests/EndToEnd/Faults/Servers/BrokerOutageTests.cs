using System.Diagnostics;
using RenderFarm.TestKit.Faults;
using RenderFarm.TestKit.Services;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class BrokerOutageTests
{
    private static readonly TimeSpan RecoversWithin = TimeSpan.FromSeconds(15);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F7_A_broker_that_crashes_and_comes_back_empty_loses_no_picture_and_costs_no_attempt()
    {
        await using var own = await OwnServers.StartAsync(Cancellation, "rabbitmq");
        await using var farm = await Broken.FarmAsync(own);
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(200), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 300));
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Broken.Patience, Cancellation);
        await own.CrashAsync("rabbitmq", Cancellation);
        own.Empty("rabbitmq/mnesia");
        await own.UpAsync(Cancellation, "rabbitmq");
        await farm.Broker.AddVirtualHostAsync(Cancellation);

        var start = Stopwatch.GetTimestamp();
        var before = (await farm.Client.GetJobAsync(job.Id, Cancellation)).Rendered;
        await farm.JobAsync(job.Id, x => x.Rendered > before, Broken.Patience, Cancellation);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, RecoversWithin + Broken.Crowded);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }

    [Theory(Explicit = true)]
    [InlineData("set_disk_free_limit", "1000000GB", "200MB")]
    [InlineData("set_vm_memory_high_watermark", "0.00001", "0.4")]
    public async Task F18_A_broker_that_takes_no_messages_for_want_of_disk_or_memory_pauses_the_farm_and_fills_nobodys_memory(string limit, string alarming, string harmless)
    {
        const long mostGrowth = 50L << 20;
        await using var own = await OwnServers.StartAsync(Cancellation, "rabbitmq");
        await using var farm = await Broken.FarmAsync(own);
        var coordinator = await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(100), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 200));
        await farm.JobAsync(job.Id, x => x.Rendered >= 20, Broken.Patience, Cancellation);
        await own.ClientAsync("rabbitmqctl", Cancellation, limit, alarming);
        var before = RunningProcess.ResidentBytes(coordinator.Process.Id);
        var more = await farm.SubmitAsync(Broken.Job(count: 10));
        var start = Stopwatch.GetTimestamp();
        await farm.IsAsync(() => Task.FromResult(Stopwatch.GetElapsedTime(start)), x => x > TimeSpan.FromSeconds(20), Broken.Patience, Cancellation);
        Assert.InRange(RunningProcess.ResidentBytes(coordinator.Process.Id) - before, long.MinValue, mostGrowth);
        Assert.Equal(0, (await farm.Client.GetJobAsync(more.Id, Cancellation)).Rendered);

        await own.ClientAsync("rabbitmqctl", Cancellation, limit, harmless);
        await farm.EndsWholeAsync(job);
        await farm.EndsWholeAsync(more);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }
}
