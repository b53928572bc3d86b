using RenderFarm.Shared;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;

namespace RenderFarm.EndToEnd;

/// <summary>Finished pictures outlive the worker's process.</summary>
public sealed class SpoolTests
{
    private const int Frames = 96;

    // Of each upload: a picture takes a second or two, and is rendered in a fraction of one.
    private const int SlowBytesPerSecond = 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pictures_of_a_worker_that_is_killed_while_the_store_is_away_are_committed_after_its_restart()
    {
        await using var farm = await ServerTestFarm.StartAsync(coordinators: 1, workers: 0, Cancellation);
        await using var store = TcpProxy.Start(new Uri($"http://{farm.Store.Endpoint}").Port);
        using var spool = new TemporaryFolder();
        var settings = farm.Settings;
        settings["RENDERFARM__Artifacts__S3__Endpoint"] = $"127.0.0.1:{store.Port}";
        settings["RENDERFARM__Worker__Name"] = "worker";
        settings["RENDERFARM__Worker__Threads"] = "1";
        settings["RENDERFARM__Worker__Spool"] = spool.Path;
        settings["RENDERFARM__Worker__HealthUrls"] = "http://127.0.0.1:0";
        await using var killed = FarmProcess.Start(spool.Path, settings, "worker");
        await Eventually.IsAsync(() => farm.Client.WorkersAsync(Cancellation), workers => workers.Any(worker => worker.State == WorkerState.Ready), Patience, () => killed.Output, Cancellation);
        store.ToServer.BytesPerSecond = SlowBytesPerSecond;
        var request = RenderTests.Pizza(Frames);
        var job = await farm.Client.SubmitAsync(request with { Settings = request.Settings with { Steps = 2 } }, cancellationToken: Cancellation);
        await farm.JobAsync(job.Id, x => x.Rendered >= 4, Patience, Cancellation);
        store.Refuse();
        await Eventually.IsAsync(
            () => Task.FromResult(Directory.GetFiles(spool.Path, "*.png", SearchOption.AllDirectories).Length), pictures => pictures >= 8, Patience, () => killed.Output, Cancellation);
        await killed.KillAsync();
        var rendered = (await farm.Client.GetJobAsync(job.Id, Cancellation)).Rendered;
        store.Heal();

        await using var next = FarmProcess.Start(spool.Path, settings, "worker");
        var done = await farm.JobAsync(job.Id, x => x.State is JobState.Completed or JobState.Failed, Patience, Cancellation);
        Assert.True(done is { State: JobState.Completed, Rendered: Frames, Failed: 0 }, next.Output);
        Assert.InRange(rendered, 4, Frames - 8);
        Assert.Contains("Took over", next.Output, StringComparison.Ordinal);
        await Eventually.IsAsync(() => Task.FromResult(Directory.GetFiles(spool.Path, "*.png", SearchOption.AllDirectories)), left => left.Length == 0, Patience, () => next.Output, Cancellation);
        await farm.AuditAsync(Cancellation);

        // Of every frame one object, and none that nobody knows.
        var objects = (await farm.Store.ListKeysAsync(Cancellation)).Where(key => key.Contains($"{job.Id:D}", StringComparison.Ordinal)).ToList();
        Assert.Equal(Frames, objects.Count);
        Assert.Equal(Frames, objects.Select(key => key.Split('/')[2]).Distinct().Count());
    }
}
