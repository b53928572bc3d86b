using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RenderFarm.Shared;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.ModelCache;

/// <summary>Room for models: within what the cache may hold and what its disk must keep. The ones unused for longest go first, those in use stay.</summary>
internal sealed partial class CacheRoom(CacheFolder cache, DiskSpace disk, IOptions<WorkerOptions> options, ILogger<CacheRoom> logger)
{
    private const int GiB = 30;
    private const int MiB = 20;

    private long Most => options.Value.ModelCacheGiB << GiB;

    private long Least => options.Value.ModelCacheFreeMiB << MiB;

    /// <summary>Makes room for a model by deleting others, all that is needed or none. Only who changes the cache may ask for it.</summary>
    /// <param name="model">Its name, for people.</param>
    /// <param name="digest">Its digest.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="missing">How much of it is still to be written.</param>
    public void Make(string model, string digest, long bytes, long missing)
    {
        if (bytes > Most)
        {
            throw new ModelFetchException(ErrorClass.Worker, $"The model '{model}' has {bytes >> MiB} MiB; Worker:ModelCacheGiB allows {options.Value.ModelCacheGiB} GiB for all.");
        }

        var others = cache.Models().Where(other => other.Digest != digest).ToList();
        var beyond = others.Sum(other => other.Bytes) + bytes - Most;
        var lacking = Math.Max(missing + Least - disk.FreeBytes(cache.Path), 0);
        var leaving = new List<(CachedModel Model, IDisposable Lock)>();
        try
        {
            foreach (var other in others.TakeWhile(_ => Math.Max(beyond, lacking) > 0))
            {
                if (cache.TryDoom(other) is { } alone)
                {
                    leaving.Add((other, alone));
                    beyond -= other.Bytes;
                    lacking -= other.BytesOnDisk;
                }
            }

            if (Math.Max(beyond, lacking) is > 0 and var lack)
            {
                throw new ModelFetchException(
                    ErrorClass.Worker,
                    $"There is no room for the model '{model}' of {bytes >> MiB} MiB: {(lack >> MiB) + 1} MiB are missing in {cache.Path} (Worker:ModelCacheGiB is {options.Value.ModelCacheGiB}, Worker:ModelCacheFreeMiB {options.Value.ModelCacheFreeMiB}), and the models there are in use.");
            }

            foreach (var (other, _) in leaving)
            {
                CacheFolder.Delete(other.Folder);
                LogDeleted(other.Digest, other.Bytes >> MiB);
            }
        }
        finally
        {
            leaving.ForEach(left => left.Lock.Dispose());
        }
    }

    /// <summary>Throws when the disk has less than it must keep and so many bytes.</summary>
    public void Require(string model, long bytes)
    {
        var free = disk.FreeBytes(cache.Path);
        if (free < Least + bytes)
        {
            throw new ModelFetchException(
                ErrorClass.Worker, $"The disk of Worker:ModelCache has {free >> MiB} MiB left, too few to go on fetching the model '{model}'; Worker:ModelCacheFreeMiB is {options.Value.ModelCacheFreeMiB}.");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The fetched model {Digest} made room for another one: {MiB} MiB")]
    private partial void LogDeleted(string digest, long mib);
}
