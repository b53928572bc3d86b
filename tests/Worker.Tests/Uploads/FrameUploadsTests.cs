using System.Security.Cryptography;
using Microsoft.Extensions.DependencyInjection;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Tests.Bench;
using RenderFarm.Worker.Uploads;

namespace RenderFarm.Worker.Tests.Uploads;

public sealed class FrameUploadsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_picture_whose_upload_is_cut_short_is_stored_and_committed_by_the_loop_that_comes_next()
    {
        await using var bench = await WorkerBench.StartAsync();
        var (begun, tries) = (new TaskCompletionSource(), 0);
        var store = new FlakyStore(bench.Store)
        {
            BeforePut = async (_, stop) =>
            {
                if (++tries == 1)
                {
                    begun.SetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, stop);
                }
            },
        };

        // A second one beside the worker's own, which knows nothing of this picture.
        var uploads = ActivatorUtilities.CreateInstance<FrameUploads>(bench.Services, ActivatorUtilities.CreateInstance<StoreLink>(bench.Services, store));
        var (picture, attempt) = Fill(bench);
        uploads.Add(picture);
        await RunAsync(uploads, until: begun.Task);
        Assert.Empty(await bench.KeysAsync());

        await RunAsync(uploads, until: bench.Coordinator.RenderedAsync(attempt, 1));
        Assert.Equal([picture.Key], await bench.KeysAsync());
        Assert.Equal(2, tries);
    }

    /// <summary>A picture in the worker's spool, as a renderer leaves it.</summary>
    private static (SpooledPicture Picture, Guid Attempt) Fill(WorkerBench bench)
    {
        var spool = bench.Services.GetRequiredService<PictureSpool>();
        var (offer, bytes) = (bench.Lease([0]), RandomNumberGenerator.GetBytes(100));
        File.WriteAllBytes(spool.Place(offer, 0), bytes);
        return (spool.Fill(offer, 0, new PictureFacts(5, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, 64, 64, 5)), offer.AttemptId);
    }

    private static async Task RunAsync(FrameUploads uploads, Task until)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var running = uploads.RunAsync(stop.Token);
        await until.WaitAsync(TimeSpan.FromMinutes(1), Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }
}
