using RenderFarm.Client;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class RepeatedDeliveryTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(100, 5, 300)]
    public Task F14_Messages_that_come_again_and_out_of_order_change_nothing(int frames, int times, int atLeast) => ReplayAsync(frames, times, atLeast);

    [Theory(Explicit = true)]
    [InlineData(2000, 40, 100_000)]
    public Task F14_A_hundred_thousand_messages_that_come_again_and_out_of_order_change_nothing(int frames, int times, int atLeast) => ReplayAsync(frames, times, atLeast);

    private static async Task ReplayAsync(int frames, int times, int atLeast)
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var worker = (await farm.Client.WorkersAsync(Cancellation)).Single();
        await using var events = await Replay.StartAsync(farm.Broker.Uri, QueueNames.FarmEvents, "", times, Cancellation);
        await using var orders = await Replay.StartAsync(farm.Broker.Uri, QueueNames.Workers, QueueNames.Worker(worker.Name, worker.Epoch), times, Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(frames));

        var progress = new List<long>();
        await foreach (var happened in farm.Client.WatchAsync(job.Id, Cancellation).WithCancellation(Cancellation))
        {
            if (happened is JobEvent.JobChanged changed)
            {
                progress.Add(changed.Job.Rendered);
            }
        }

        Assert.Equal(progress.Order(), progress);
        await farm.IsAsync(() => Task.FromResult(events.Sent + orders.Sent), x => x >= atLeast, Broken.Patience, Cancellation);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
        Assert.Contains(farm.History(), x => x.Event == "answer" && x.Frames.Count > 0);
        await farm.StoresNothingElseAsync(Broken.Patience, job);
    }
}
