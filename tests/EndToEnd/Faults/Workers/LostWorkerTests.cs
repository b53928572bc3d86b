using System.Diagnostics;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd.Faults.Workers;

public sealed class LostWorkerTests
{
    private static readonly TimeSpan RequeuesWithin = TimeSpan.FromSeconds(17);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task F2_Leases_of_a_killed_worker_lapse_and_its_frames_become_the_same_pictures_elsewhere()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var killed = await farm.StartWorkerAsync("killed", Cancellation);
        var request = Broken.Job(count: 60, steps: 4);
        var job = await farm.SubmitAsync(request);
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Broken.Patience, Cancellation);
        await farm.KillAsync(killed);
        var lapsed = LapsedAsync(farm);
        await farm.StartWorkerAsync("other", Cancellation);
        Assert.InRange(await lapsed, TimeSpan.Zero, RequeuesWithin + Broken.Crowded);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));

        // The same seeds on a worker that nothing happened to.
        var again = await farm.SubmitAsync(request);
        await farm.EndsWholeAsync(again);
        Assert.Equal(await PicturesAsync(farm, again), await PicturesAsync(farm, job));
    }

    [Fact]
    public async Task F3_A_worker_that_stood_still_longer_than_its_leases_commits_nothing_that_others_were_given_and_removes_its_pictures()
    {
        await using var farm = await Broken.FarmAsync();
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        var zombie = await farm.StartSimulatedAsync("zombie", TimeSpan.FromMilliseconds(500), Cancellation);
        var job = await farm.SubmitAsync(Broken.Job(count: 24));
        await farm.JobAsync(job.Id, x => x.Rendered >= 2, Broken.Patience, Cancellation);
        zombie.Freeze();
        await farm.StartSimulatedAsync("other", TimeSpan.FromMilliseconds(100), Cancellation);
        await farm.JobAsync(job.Id, x => x.State == JobState.Completed, Broken.Patience, Cancellation);
        Assert.True(await farm.CountAsync("SELECT COUNT(*) FROM attempts WHERE worker = 'zombie-0' AND outcome = 'Expired'", Cancellation) > 0);
        zombie.Thaw();

        await farm.StoresNothingElseAsync(Broken.Patience, job);
        await farm.IsAsync(
            () => farm.Client.WorkersAsync(Cancellation), workers => workers.Single(x => x.Name == "zombie-0").State == WorkerState.Ready, Broken.Patience, Cancellation);
        await farm.EndsWholeAsync(job);
        Assert.Equal(0, await farm.BlamedAsync(job));
    }

    private static async Task<TimeSpan> LapsedAsync(FaultFarm farm)
    {
        var start = Stopwatch.GetTimestamp();
        await farm.IsAsync(() => farm.CountAsync("SELECT COUNT(*) FROM leases WHERE worker = 'killed'", Cancellation), x => x == 0, Broken.Patience, Cancellation);
        return Stopwatch.GetElapsedTime(start);
    }

    private static async Task<List<string?>> PicturesAsync(FaultFarm farm, JobView job)
    {
        var hashes = new List<string?>();
        await foreach (var frame in farm.Client.FramesAsync(job.Id, FrameState.Rendered, Cancellation))
        {
            hashes.Add(frame.Sha256);
        }

        return hashes;
    }
}
