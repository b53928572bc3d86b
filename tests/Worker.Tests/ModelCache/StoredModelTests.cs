using RenderFarm.Diffusion.Models;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.Shared;
using RenderFarm.Shared.Protocol;
using RenderFarm.TestKit;
using RenderFarm.TestKit.Goldens;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.ModelCache;

/// <summary>A whole worker, and the small model in its store.</summary>
public sealed class StoredModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WorkerIsolation.InProcess)]
    [InlineData(WorkerIsolation.Process)]
    public async Task A_model_of_the_store_is_offered_by_its_digest_fetched_by_the_first_batch_and_rendered_with(WorkerIsolation isolation)
    {
        var model = await PushAsync("shared");
        await using var bench = await StartAsync(("Worker:Isolation", isolation.ToString()));
        var offered = bench.Model("shared");
        Assert.Equal((model.Digest, ModelResidence.Store, 128), (offered.Digest, offered.Place, offered.DefaultWidth));
        var gate = new TaskCompletionSource();
        bench.Store.BeforeRange = (_, token) => gate.Task.WaitAsync(token);

        var lease = await bench.OfferAsync(bench.Lease([1, 2], model: "shared"));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Contains(lease.AttemptId) && beat.Slots is [{ State: "loading", Model: "shared" }]);
        gate.SetResult();
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 2);

        await bench.Coordinator.FirstAsync<WorkerJoined>(joined => joined.Models.Any(copy => copy.Name == "shared" && copy.Place == ModelResidence.Fetched));
        await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Count == 0 && beat.WarmModels is ["shared"]);
        Assert.True(Directory.Exists(_folder.File($"cache/{model.Digest}")));
        var own = await bench.OfferAsync(bench.Lease([1, 2], job: lease.JobId));
        await bench.Coordinator.RenderedAsync(own.AttemptId, 2);
        Assert.Empty(bench.Coordinator.Of<LeaseEnded>());
    }

    [Theory]
    [InlineData(WorkerIsolation.InProcess)]
    [InlineData(WorkerIsolation.Process)]
    public async Task A_model_may_not_be_deleted_while_its_pipeline_is_loaded(WorkerIsolation isolation)
    {
        var model = await PushAsync("shared");
        await using (var bench = await StartAsync(("Worker:Isolation", isolation.ToString())))
        {
            var lease = await bench.OfferAsync(bench.Lease([1], model: "shared"));
            await bench.Coordinator.RenderedAsync(lease.AttemptId, 1);
            await bench.Coordinator.FirstAsync<WorkerHeartbeat>(beat => beat.Attempts.Count == 0 && beat.WarmModels is ["shared"] && beat.Slots is [{ State: "idle" }]);
            Assert.False(IsFree(model));
        }

        await TestKit.Farms.Eventually.IsAsync(() => Task.FromResult(IsFree(model)), isFree => isFree, TimeSpan.FromSeconds(30), null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_model_that_the_store_spoiled_is_nobodys_fault_fetched_once_and_told_as_a_problem_until_it_is_pushed_again()
    {
        var model = await PushAsync("shared");
        var file = Path.Combine(_folder.File("store"), "models", "sha256", model.Files[0].Sha256);
        await File.WriteAllBytesAsync(file, new byte[model.Files[0].Bytes], TestContext.Current.CancellationToken);
        await using var bench = await StartAsync();

        var lease = await bench.OfferAsync(bench.Lease([1], model: "shared"));

        var ended = await bench.Coordinator.FirstAsync<LeaseEnded>(ended => ended.AttemptId == lease.AttemptId);
        Assert.Equal((AttemptOutcome.Failed, ErrorClass.Infrastructure), (ended.Outcome, ended.ErrorClass));
        Assert.Contains("SHA-256", ended.Message, StringComparison.Ordinal);
        await bench.Coordinator.FirstAsync<WorkerJoined>(joined => joined.Models.Any(copy => copy.Name == "shared" && copy.Digest is null && copy.Problem == ended.Message));
        var ranges = bench.Store.Ranges;
        var late = await bench.OfferAsync(lease with { AttemptId = Guid.NewGuid() });
        var handedBack = await bench.Coordinator.FirstAsync<LeaseEnded>(ended => ended.AttemptId == late.AttemptId);
        Assert.Equal((AttemptOutcome.Released, null, ranges), (handedBack.Outcome, handedBack.ErrorClass, bench.Store.Ranges));
    }

    [Fact]
    public async Task A_manifest_that_cannot_be_used_is_reported_with_the_reason()
    {
        var model = await PushAsync("shared");
        await WriteManifestAsync(model with { Name = "lying", Digest = new string('0', 64) });
        await WriteManifestAsync(model with { Name = "odd", Prediction = "epsilon" });
        await new FolderArtifacts(_folder.File("store")).PutAsync("models/names/torn.json", "{"u8.ToArray(), "application/json", TestContext.Current.CancellationToken);

        await using var bench = await StartAsync();

        Assert.Contains("its files have", bench.Model("lying").Problem, StringComparison.Ordinal);
        Assert.Contains("model.safetensors", bench.Model("odd").Problem, StringComparison.Ordinal);
        Assert.Contains("models/names/torn.json", bench.Model("torn").Problem, StringComparison.Ordinal);
        Assert.Null(bench.Model("shared").Problem);
    }

    [Fact]
    public async Task A_workers_own_model_counts_before_one_of_the_same_name_in_the_store()
    {
        await PushAsync("emoji");
        await using var bench = await StartAsync();
        Assert.Equal(ModelResidence.FolderAndStore, bench.Model().Place);
        var lease = await bench.OfferAsync(bench.Lease([1]));
        await bench.Coordinator.RenderedAsync(lease.AttemptId, 1);
        Assert.Equal(0, bench.Store.Ranges);
    }

    [Fact]
    public async Task A_worker_without_a_folder_for_them_offers_no_models_of_the_store()
    {
        await PushAsync("shared");
        await using var bench = await StartAsync(("Worker:ModelCache", ""));
        Assert.Equal(["emoji"], bench.Coordinator.Of<WorkerJoined>()[0].Models.Select(model => model.Name));
    }

    private bool IsFree(ModelManifest model)
    {
        try
        {
            using var alone = new FileStream(_folder.File($"cache/{model.Digest}.lock"), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private async Task<ModelManifest> PushAsync(string name)
    {
        var model = ModelFolder.Open(GoldenFolder.EmojiModel, verifyDigest: false, TestContext.Current.CancellationToken);
        var files = ModelFiles.Of(model, TestContext.Current.CancellationToken);
        var manifest = new ModelManifest
        {
            Name = name,
            Digest = model.Digest,
            Family = model.Family,
            DefaultWidth = model.DefaultWidth,
            DefaultHeight = model.DefaultHeight,
            SizeMultiple = model.SizeMultiple,
            WeightBytes = model.WeightBytes,
            Files = [.. files.Select(file => new StoredFile(file.Path, file.Sha256, file.Bytes))],
        };
        var sources = files.ToDictionary(file => file.Path, file => file.Source);
        await new StoredModels(new FolderArtifacts(_folder.File("store"))).PushAsync(manifest, file => File.OpenRead(sources[file.Path]), _ => { }, TestContext.Current.CancellationToken);
        return manifest;
    }

    private Task WriteManifestAsync(ModelManifest manifest) =>
        new FolderArtifacts(_folder.File("store")).PutAsync($"models/names/{manifest.Name}.json", manifest.Write(), "application/json", TestContext.Current.CancellationToken);

    private Task<WorkerBench> StartAsync(params (string Key, string Value)[] settings) =>
        WorkerBench.StartAsync([("Artifacts:Folder", _folder.File("store")), ("Worker:ModelCache", _folder.File("cache")), .. settings]);
}
