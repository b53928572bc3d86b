using System.Security.Cryptography;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using RenderFarm.Diffusion.Models;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.TestKit;
using RenderFarm.Worker.ModelCache;
using RenderFarm.Worker.Models;
using RenderFarm.Worker.Spool;
using RenderFarm.Worker.Tests.Bench;

namespace RenderFarm.Worker.Tests.ModelCache;

/// <summary>A folder as the store, and a folder of fetched models.</summary>
internal sealed class CacheBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public CacheBench()
    {
        Store = new FlakyStore(new FolderArtifacts(_folder.File("store")));
        Options = new WorkerOptions { ModelCache = _folder.File("cache"), ModelCacheGiB = 1, ModelCacheFreeMiB = 10 };
        Cache = NewCache();
    }

    public FlakyStore Store { get; }

    public WorkerOptions Options { get; }

    public CacheFolder Cache { get; }

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.Parse("2026-01-01", System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>Room on the disk of the cache, as the worker sees it.</summary>
    public Func<long> FreeBytes { get; set; } = () => long.MaxValue;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Another worker of the machine.</summary>
    public ModelFetch NewFetch()
    {
        var cache = NewCache();
        var room = new CacheRoom(cache, new DiskSpace(_ => FreeBytes(), Time), Microsoft.Extensions.Options.Options.Create(Options), NullLogger<CacheRoom>.Instance);
        return new ModelFetch(cache, room, new RangeFetch(new StoredModels(Store), new WorkerIdentity("bench", 1, "cpu", 1, 1, 1), Time), Time, NullLogger<ModelFetch>.Instance);
    }

    /// <summary>A worker's look at the store.</summary>
    public StoreShelf NewShelf(ModelCatalog catalog) => new(new StoredModels(Store), NewCache(), catalog, Time, NullLogger<StoreShelf>.Instance);

    /// <summary>Stores a model of random files of these sizes.</summary>
    public async Task<ModelManifest> PushAsync(string name, params (string Path, int Bytes)[] files)
    {
        var contents = files.ToDictionary(file => file.Path, file => RandomNumberGenerator.GetBytes(file.Bytes));
        var hashes = contents.ToDictionary(file => file.Key, file => Convert.ToHexStringLower(SHA256.HashData(file.Value)));
        var manifest = new ModelManifest
        {
            Name = name,
            Digest = ModelFiles.Digest(hashes, null),
            Family = "sd1",
            DefaultWidth = 64,
            DefaultHeight = 64,
            SizeMultiple = 8,
            WeightBytes = 1,
            Files = [.. contents.Select(file => new StoredFile(file.Key, hashes[file.Key], file.Value.Length))],
        };
        await new StoredModels(Store).PushAsync(manifest, file => new MemoryStream(contents[file.Path]), _ => { }, Cancellation);
        return manifest;
    }

    /// <summary>Stores a model's manifest again, as every push does.</summary>
    public async Task StoreAgainAsync(ModelManifest model)
    {
        var name = $"models/names/{model.Name}.json";
        await Store.PutAsync(name, model.Write(), "application/json", Cancellation);
        // Two writes may fall into one tick of the file system's clock.
        File.SetLastWriteTimeUtc(_folder.File($"store/{name}"), DateTime.UnixEpoch);
    }

    /// <summary>Fetches a model and lets it go.</summary>
    public async Task<string> FetchAsync(ModelManifest model)
    {
        Time.Advance(TimeSpan.FromMinutes(1));
        using var use = await NewFetch().UseAsync(model, Cancellation);
        return use.Folder;
    }

    /// <summary>Where the store keeps a file.</summary>
    public string ObjectOf(StoredFile file) => Path.Combine(_folder.File("store"), "models", "sha256", file.Sha256);

    public static Task<string> HashAsync(string path) => Task.Run(async () =>
    {
        await using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, Cancellation));
    });

    /// <summary>Begins a fetch, ends it when all ranges but those from an offset on have arrived, and says how many had.</summary>
    public async Task<int> FetchPartlyAsync(ModelManifest model, long from, int arriving)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        Store.BeforeRange = (offset, token) => offset >= from ? Task.Delay(Timeout.InfiniteTimeSpan, token) : Task.CompletedTask;
        var fetch = NewFetch().UseAsync(model, stop.Token);
        var journal = Path.Combine(Cache.PartOf(model.Digest), ".ranges");
        await TestKit.Farms.Eventually.IsAsync(
            () => Task.FromResult(File.Exists(journal) ? ReadShared(journal).Count(letter => letter == '\n') : 0), lines => lines == arriving, TimeSpan.FromMinutes(1), null, Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetch);
        Store.BeforeRange = (_, _) => Task.CompletedTask;
        return arriving;
    }

    public void Dispose() => _folder.Dispose();

    private CacheFolder NewCache() => new(Microsoft.Extensions.Options.Options.Create(Options), Time);

    private static string ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
