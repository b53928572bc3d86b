using RenderFarm.Shared;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Workers;

public sealed class FullSpoolTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Explicit = true)]
    public async Task F18_A_worker_whose_disk_is_full_takes_nothing_more_and_goes_on_when_there_is_room()
    {
        using var disk = new SmallDisk("2m");
        await using var farm = await Broken.FarmAsync(("Worker__SpoolFreeMiB", "1"));
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var worker = await farm.StartWorkerAsync("worker", Cancellation, settings: new Dictionary<string, string> { ["RENDERFARM__Worker__Spool"] = disk.Path });
        var job = await farm.SubmitAsync(Broken.Job(count: 60));
        await farm.JobAsync(job.Id, x => x.Rendered >= 2, Broken.Patience, Cancellation);
        disk.Fill();
        await farm.IsAsync(() => farm.Client.GetWorkerAsync("worker", Cancellation), x => x.State == WorkerState.Draining, Broken.Patience, Cancellation);
        Assert.False(worker.Process.HasExited);
        Assert.NotEqual(JobState.Completed, (await farm.Client.GetJobAsync(job.Id, Cancellation)).State);

        disk.Empty();
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }
}
