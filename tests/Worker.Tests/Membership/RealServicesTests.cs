using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit.Services;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.Membership;

public sealed class RealServicesTests : IAsyncLifetime
{
    private TestRabbitMq _broker = null!;
    private TestS3 _store = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await TestRabbitMq.CreateVirtualHostAsync(TestContext.Current.CancellationToken);
        _store = await TestS3.CreateBucketAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _store.DisposeAsync();
    }

    [Fact]
    public async Task A_lease_comes_over_a_broker_and_its_images_go_to_a_bucket()
    {
        await using var bench = await StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 3);
        await bench.Coordinator.FirstAsync<StepProgressed>();
        Assert.Equal(
            bench.Coordinator.Rendered(lease.AttemptId).Select(frame => frame.ArtifactKey).Order(),
            (await _store.ListKeysAsync(TestContext.Current.CancellationToken)).Where(key => key.StartsWith(WorkerBench.Tenant, StringComparison.Ordinal)).Order());
        await bench.StopAsync();
        Assert.Single(bench.Coordinator.Of<WorkerLeft>());
    }

    [Fact]
    public async Task A_broken_connection_to_the_broker_loses_no_frame_and_no_worker()
    {
        await using var bench = await StartAsync();
        var lease = await bench.OfferAsync(bench.Lease([1, 2, 3, 4, 5, 6, 7, 8], settings => settings with { Steps = 30 }));
        await bench.Coordinator.FirstAsync<StepProgressed>();

        // The management interface lists a connection seconds after it was made.
        await bench.Coordinator.UntilAsync(() => _broker.CloseConnectionsAsync().Result > 0 ? "" : null, "connection to close");
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 8);
        var beats = bench.Coordinator.Of<WorkerHeartbeat>().Count;
        await bench.Coordinator.UntilAsync(() => bench.Coordinator.Of<WorkerHeartbeat>().Count > beats ? "" : null, "heartbeat after the break");
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());

        // An offer that finds no queue yet comes back, and is made again.
        var next = bench.Lease([9]);
        await bench.Coordinator.UntilAsync(() => IsTakenAsync(bench, next).Result ? "" : null, "queue after the break");
        await bench.Coordinator.RenderedAsync(next.AttemptId, 1);
    }

    private static async Task<bool> IsTakenAsync(WorkerBench bench, LeaseOffered offer)
    {
        try
        {
            await bench.OfferAsync(offer);
            return true;
        }
        catch (QueueMissingException)
        {
            return false;
        }
    }

    private Task<WorkerBench> StartAsync() => WorkerBench.StartAsync(
        ("Bus:Transport", "RabbitMq"),
        ("Bus:Uri", _broker.Uri.ToString()),
        ("Worker:DrainTimeout", "00:00:15"),
        ("Artifacts:Store", "S3"),
        ("Artifacts:S3:Endpoint", _store.Endpoint),
        ("Artifacts:S3:AccessKey", _store.AccessKey),
        ("Artifacts:S3:SecretKey", _store.SecretKey),
        ("Artifacts:S3:Bucket", _store.Bucket),
        ("Artifacts:S3:Region", _store.Region),
        ("Artifacts:S3:UseTls", "false"));
}
