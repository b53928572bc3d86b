using System.Security.Cryptography;
using RenderFarm.EndToEnd.Faults;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.Shared;
using RenderFarm.Shared.Api;
using RenderFarm.Shared.Settings;
using RenderFarm.TestKit.Farms;
using RenderFarm.TestKit.Faults;
using RenderFarm.TestKit.Goldens;

namespace RenderFarm.EndToEnd.Models;

/// <summary>A farm with a coordinator, whose workers have no model of their own, and a small checkpoint that has its VAE in another file.</summary>
internal sealed class StoredFarm : IAsyncDisposable
{
    public const string Model = "photos";

    private readonly ArtifactsOptions _store;

    private StoredFarm(FaultFarm farm, ArtifactsOptions store) => (Farm, _store) = (farm, store);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public FaultFarm Farm { get; }

    /// <summary>The folder that its workers keep fetched models in.</summary>
    public string Cache => Farm.Folder.File("cache");

    private string Checkpoint => Farm.Folder.File($"{Model}.safetensors");

    private string Vae => Farm.Folder.File("clear.safetensors");

    /// <summary>Makes it, with so many bytes in the checkpoint that no network reads.</summary>
    public static async Task<StoredFarm> StartAsync(ArtifactStoreKind store, int unused = 0)
    {
        var farm = await Broken.FarmAsync(("Artifacts__Store", $"{store}"));
        var options = new ArtifactsOptions
        {
            Store = store,
            Folder = farm.Folder.File("store"),
            S3 = new S3Options { Endpoint = farm.Store.Endpoint, AccessKey = farm.Store.AccessKey, SecretKey = farm.Store.SecretKey, Bucket = farm.Store.Bucket, Region = farm.Store.Region, UseTls = false },
        };
        var stored = new StoredFarm(farm, options);
        farm.Program = TinyProgram.Make(farm.Folder.File("program"));
        TinyCheckpointFiles.Write(stored.Checkpoint, stored.Vae, unused);
        Directory.CreateDirectory(farm.Folder.File("models"));
        await farm.StartCoordinatorAsync("coordinator", Cancellation);
        return stored;
    }

    /// <summary>Runs <c>renderfarm models</c>, with the checkpoint's VAE and what it predicts where those are not said by a name.</summary>
    public async Task<string> ModelsAsync(string command, params string[] more)
    {
        await using var run = Farm.StartProgram(["models", command, Checkpoint, "--vae", Vae, "--prediction", "v", .. more]);
        Assert.True(await run.ExitAsync(Broken.Patience, Cancellation) == 0, run.Output);
        return run.Output;
    }

    /// <summary>Starts a worker with one render process.</summary>
    public Task<FarmNode> StartWorkerAsync(string name, params (string Key, string Value)[] settings)
    {
        var all = new Dictionary<string, string>
        {
            ["RENDERFARM__Worker__Models"] = Farm.Folder.File("models"),
            ["RENDERFARM__Worker__ModelCache"] = Cache,
            ["RENDERFARM__Worker__Slots"] = "1",
            ["RENDERFARM__Worker__BatchSize"] = "1",
        };
        foreach (var (key, value) in settings)
        {
            all[$"RENDERFARM__Worker__{key}"] = value;
        }

        return Farm.StartWorkerAsync(name, Cancellation, settings: all);
    }

    public Task<JobView> SubmitAsync(long count) => Farm.SubmitAsync(new JobRequest
    {
        Model = Model,
        Count = count,
        Settings = new RenderSettings { Prompt = "a dog", Steps = 2, Seed = 42, Width = 64, Height = 64 },
    });

    /// <summary>Waits for the end of a job, of which everything must be rendered; the answer is its pictures.</summary>
    public async Task<List<byte[]>> PicturesAsync(JobView job)
    {
        var done = await Farm.JobAsync(job.Id, view => view.State is JobState.Completed or JobState.Failed, Broken.Patience, Cancellation);
        Assert.Equal((JobState.Completed, job.FrameCount), (done.State, done.Rendered));
        var pictures = new List<byte[]>();
        await foreach (var frame in Farm.Client.FramesAsync(job.Id, cancellationToken: Cancellation))
        {
            using var picture = new MemoryStream();
            await Farm.Client.DownloadImageAsync(job.Id, frame.Index, picture, Cancellation);
            pictures.Add(picture.ToArray());
        }

        return pictures;
    }

    /// <summary>What the store has of the model.</summary>
    public async Task<ModelManifest> ManifestAsync()
    {
        var store = ArtifactStores.Open(_store, TimeProvider.System);
        using var held = store as IDisposable;
        return Assert.Single(await new StoredModels(store).ListAsync(Cancellation)).Manifest!;
    }

    /// <summary>Puts other bytes in place of a file's.</summary>
    public async Task SpoilAsync(StoredFile file)
    {
        var store = ArtifactStores.Open(_store, TimeProvider.System);
        using var held = store as IDisposable;
        await store.PutAsync($"models/sha256/{file.Sha256}", RandomNumberGenerator.GetBytes((int)file.Bytes), "application/octet-stream", Cancellation);
    }

    public ValueTask DisposeAsync() => Farm.DisposeAsync();
}
