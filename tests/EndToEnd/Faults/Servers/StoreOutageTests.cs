using System.Diagnostics;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Servers;

public sealed class StoreOutageTests
{
    private static readonly TimeSpan DrainsWithin = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Faults => ["refuses", "is a black hole", "takes 1 kB a second"];

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task F11_While_the_store_is_away_the_worker_goes_on_into_its_spool_and_drains_it_afterwards(string fault)
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var worker = await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var before = await farm.SubmitAsync(Broken.Job(count: 4));
        await farm.EndsWholeAsync(before);
        Break(worker.Hops.Store, fault);
        var job = await farm.SubmitAsync(Broken.Job(count: 60));

        // More than a few batches wait in the spool: the GPU did not stand still.
        await farm.IsAsync(() => Task.FromResult(Spooled(farm)), x => x >= 12, Broken.Patience, Cancellation);
        worker.Hops.Heal();
        var start = Stopwatch.GetTimestamp();
        await farm.EndsWholeAsync(job, DrainsWithin + Broken.Crowded);
        await farm.IsAsync(() => Task.FromResult(Spooled(farm)), x => x == 0, DrainsWithin + Broken.Crowded - Stopwatch.GetElapsedTime(start), Cancellation);
        Assert.Equal(0, await farm.BlamedAsync(job));
        await farm.StoresNothingElseAsync(Broken.Patience, before, job);
    }

    [Fact]
    public async Task F12_A_picture_whose_upload_was_cut_before_the_answer_is_stored_once_under_its_key()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var worker = await farm.StartSimulatedAsync("worker", TimeSpan.FromMilliseconds(50), Cancellation);
        var jobs = new List<JobView>();
        while (jobs.Count < 2)
        {
            var cut = worker.Hops.Store.ToClient.CutAfter(0);
            jobs.Add(await farm.SubmitAsync(Broken.Job(count: 20)));
            await cut.WaitAsync(Broken.Patience, Cancellation);
        }

        foreach (var job in jobs)
        {
            await farm.EndsWholeAsync(job);
            await foreach (var frame in farm.Client.FramesAsync(job.Id, cancellationToken: Cancellation))
            {
                using var picture = new MemoryStream();
                await farm.Client.DownloadImageAsync(job.Id, frame.Index, picture, Cancellation);
                Assert.Equal(frame.Sha256, RenderTests.Sha256(picture.ToArray()));
            }

            Assert.Equal(0, await farm.BlamedAsync(job));
        }

        await farm.StoresNothingElseAsync(Broken.Patience, jobs);
    }

    private static void Break(TcpProxy store, string fault)
    {
        switch (fault)
        {
            case "refuses":
                store.Refuse();
                break;
            case "is a black hole":
                store.BlackHole();
                break;
            default:
                (store.ToServer.BytesPerSecond, store.ToClient.BytesPerSecond) = (1000, 1000);
                break;
        }
    }

    private static int Spooled(FaultFarm farm) => Directory.EnumerateFiles(farm.SpoolOf("worker"), "*.png", SearchOption.AllDirectories).Count();
}
