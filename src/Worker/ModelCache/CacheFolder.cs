using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using RenderFarm.ServiceDefaults.ModelStore;

namespace RenderFarm.Worker.ModelCache;

/// <summary>
/// The folder of models that were fetched from the store, each in a folder that its digest names. All workers of a machine may share it: a lock file
/// beside a model is shared by those who use it and held alone by the one who deletes it, and another is held by the one who fetches. They go with their process.
/// </summary>
internal sealed partial class CacheFolder(IOptions<WorkerOptions> options, TimeProvider time)
{
    private const string LockSuffix = ".lock";
    private const string PartSuffix = ".part";
    private const string FetchLock = "fetch.lock";
    private const string DoomedSuffix = ".gone";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Worker:ModelCache; empty where the worker takes no models from the store.</summary>
    public string Path { get; } = options.Value.ModelCache is { Length: > 0 } folder ? System.IO.Path.GetFullPath(folder) : "";

    /// <summary>Where a model lies.</summary>
    public string PlaceOf(string digest) => System.IO.Path.Combine(Path, digest);

    /// <summary>Where what was fetched of it lies until all of it is there.</summary>
    public string PartOf(string digest) => PlaceOf(digest) + PartSuffix;

    /// <summary>Whether all of a model is there.</summary>
    public bool Has(string digest) => Directory.Exists(PlaceOf(digest));

    /// <summary>The same, with the sizes of its files looked at: somebody may have emptied the folder in part.</summary>
    public bool HasWhole(ModelManifest model) =>
        Has(model.Digest) && model.Files.All(file => new FileInfo(System.IO.Path.Combine(PlaceOf(model.Digest), file.Path)) is { Exists: true } place && place.Length == file.Bytes);

    /// <summary>Keeps a model from being deleted until the answer is disposed, whether it is there already or not.</summary>
    public async Task<IDisposable> UseAsync(string digest, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path);
        var file = PlaceOf(digest) + LockSuffix;
        var use = await OpenAsync(file, FileShare.ReadWrite, cancellationToken);
        // Its time is when the model was last used.
        File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
        return use;
    }

    /// <summary>Waits for all who fetch or delete on this machine, and keeps others from it until the answer is disposed.</summary>
    public async Task<IDisposable> ChangeAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path);
        return await OpenAsync(System.IO.Path.Combine(Path, FetchLock), FileShare.None, cancellationToken);
    }

    /// <summary>Keeps a model in the cache while something uses its folder; null where the folder is not one of a cache.</summary>
    public static IDisposable? Use(string folder) =>
        File.Exists(folder + LockSuffix) ? TryOpen(folder + LockSuffix, FileShare.ReadWrite) : null;

    /// <summary>What is there, whole or in part, the longest unused first.</summary>
    public IReadOnlyList<CachedModel> Models() => !Directory.Exists(Path)
        ? []
        : [.. new DirectoryInfo(Path).EnumerateDirectories().Where(folder => OwnName().IsMatch(folder.Name) && !folder.Name.EndsWith(DoomedSuffix, StringComparison.Ordinal)).Select(Of).OrderBy(model => model.UsedAt)];

    /// <summary>Keeps everybody from a model, so that it may be deleted; null while somebody uses it.</summary>
    public IDisposable? TryDoom(CachedModel model) => TryOpen(PlaceOf(model.Digest) + LockSuffix, FileShare.None);

    /// <summary>Deletes a folder of the cache. Nobody ever finds a part of a model in its place.</summary>
    public static void Delete(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Move(folder, folder + DoomedSuffix);
            Directory.Delete(folder + DoomedSuffix, recursive: true);
        }
    }

    /// <summary>Deletes what a process was deleting when it ended.</summary>
    public void Sweep()
    {
        foreach (var folder in new DirectoryInfo(Path).EnumerateDirectories("*" + DoomedSuffix).Where(folder => OwnName().IsMatch(folder.Name)))
        {
            folder.Delete(recursive: true);
        }
    }

    private static CachedModel Of(DirectoryInfo folder)
    {
        var digest = folder.Name.EndsWith(PartSuffix, StringComparison.Ordinal) ? folder.Name[..^PartSuffix.Length] : folder.Name;
        var mark = new FileInfo(System.IO.Path.Combine(folder.Parent!.FullName, digest + LockSuffix));
        var bytes = folder.EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);
        var onDisk = digest == folder.Name ? bytes : Math.Min(bytes, RangeJournal.BytesOf(folder.FullName) ?? bytes);
        return new CachedModel(digest, folder.FullName, bytes, onDisk, mark.Exists ? mark.LastWriteTimeUtc : folder.LastWriteTimeUtc);
    }

    private async Task<FileStream> OpenAsync(string file, FileShare share, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryOpen(file, share) is { } held)
            {
                return held;
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }
    }

    private static FileStream? TryOpen(string file, FileShare share)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, share, bufferSize: 0);
        }
        catch (IOException) when (File.Exists(file))
        {
            // Somebody has it.
            return null;
        }
    }

    // Nothing else is ever deleted, whatever folder the settings name.
    [GeneratedRegex("^[0-9a-f]{64}(\\.part)?(\\.gone)?$")]
    private static partial Regex OwnName();
}

/// <summary>A model of the cache.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Folder">Where it, or a part of it, lies.</param>
/// <param name="Bytes">Room that it takes, or will take.</param>
/// <param name="BytesOnDisk">Room that it takes now: the files of one that arrived in part have gaps.</param>
/// <param name="UsedAt">When it was used last.</param>
internal sealed record CachedModel(string Digest, string Folder, long Bytes, long BytesOnDisk, DateTime UsedAt);
