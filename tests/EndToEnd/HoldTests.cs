using RenderFarm.Shared;
using RenderFarm.TestKit.Farms;

namespace RenderFarm.EndToEnd;

/// <summary>A pause, whenever it comes, costs time and changes nothing else.</summary>
public sealed class HoldTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(BothModes.All), MemberType = typeof(BothModes))]
    public async Task A_job_that_was_paused_again_and_again_ends_with_the_pictures_of_one_that_was_not(FarmMode mode)
    {
        await using var farm = await TestFarm.StartAsync(mode, Cancellation);
        var request = RenderTests.Pizza(40) with { Settings = RenderTests.Pizza(1).Settings with { Steps = 12 } };
        var undisturbed = await farm.Client.SubmitAsync(request, cancellationToken: Cancellation);
        await farm.JobAsync(undisturbed.Id, job => job.State == JobState.Completed, Patience, Cancellation);

        var job = await farm.Client.SubmitAsync(request, cancellationToken: Cancellation);
        for (var rendered = 1; rendered <= 9; rendered += 4)
        {
            await farm.JobAsync(job.Id, x => x.Rendered >= rendered, Patience, Cancellation);
            var paused = await farm.Client.PauseJobAsync(job.Id, Cancellation);
            // Another job passes through the same worker: whatever it still had of the paused one has been answered for by then.
            var other = await farm.Client.SubmitAsync(RenderTests.Pizza(2), cancellationToken: Cancellation);
            await farm.JobAsync(other.Id, x => x.State == JobState.Completed, Patience, Cancellation);
            var later = await farm.Client.GetJobAsync(job.Id, Cancellation);
            Assert.Equal((JobState.Paused, paused.Rendered, 0L), (later.State, later.Rendered, later.Rendering));
            await farm.AuditAsync(Cancellation);
            await farm.Client.ResumeJobAsync(job.Id, Cancellation);
        }

        var ended = await farm.JobAsync(job.Id, x => x.State.IsTerminal(), Patience, Cancellation);
        Assert.Equal((JobState.Completed, 40L, 0L), (ended.State, ended.Rendered, ended.Failed));
        Assert.Equal(await PicturesAsync(farm, undisturbed.Id), await PicturesAsync(farm, job.Id));
        await farm.AuditAsync(Cancellation);
    }

    private static async Task<List<(long Index, long Seed, string? Sha256)>> PicturesAsync(TestFarm farm, Guid job)
    {
        var pictures = new List<(long, long, string?)>();
        await foreach (var frame in farm.Client.FramesAsync(job, cancellationToken: Cancellation))
        {
            Assert.NotNull(frame.Sha256);
            pictures.Add((frame.Index, frame.Seed, frame.Sha256));
        }

        return pictures;
    }
}
