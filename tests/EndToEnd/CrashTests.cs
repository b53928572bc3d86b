using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

public sealed class CrashTests
{
    private const int Frames = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task Killing_the_worker_during_a_job_loses_no_image_and_makes_none_twice(FarmMode mode) =>
        await RenderThroughAsync(mode, farm => farm.CrashWorkerAsync(Cancellation));

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task Killing_the_coordinator_during_a_job_loses_no_image_and_makes_none_twice(FarmMode mode) =>
        await RenderThroughAsync(mode, farm => farm.CrashCoordinatorAsync(Cancellation));

    private static async Task RenderThroughAsync(FarmMode mode, Func<TestFarm, Task> crash)
    {
        await using var farm = await TestFarm.StartAsync(mode, Cancellation);
        var request = RenderTests.Pizza(Frames);
        var job = await farm.Client.SubmitAsync(request with { Settings = request.Settings with { Steps = 2 } }, cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered >= 20, Patience, Cancellation);
        await crash(farm);
        await farm.AuditAsync(Cancellation);
        var done = await farm.JobAsync(job.Id, x => x.State is JobState.Completed or JobState.Failed, Patience, Cancellation);

        Assert.Equal((JobState.Completed, Frames, 0), (done.State, done.Rendered, done.Failed));
        var frames = new List<FrameView>();
        await foreach (var frame in farm.Client.FramesAsync(job.Id, FrameState.Rendered, Cancellation))
        {
            frames.Add(frame);
        }

        Assert.Equal(Enumerable.Range(0, Frames).Select(x => (long)x), frames.Select(x => x.Index));
        await Parallel.ForEachAsync(frames, Cancellation, async (frame, cancellationToken) =>
        {
            using var picture = new MemoryStream();
            await farm.Client.DownloadImageAsync(job.Id, frame.Index, picture, cancellationToken);
            Assert.Equal(frame.Sha256, RenderTests.Sha256(picture.ToArray()));
        });
        await farm.AuditAsync(Cancellation);
    }
}
