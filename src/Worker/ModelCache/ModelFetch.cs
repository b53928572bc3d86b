using Microsoft.Extensions.Logging;
using RenderFarm.Diffusion.Models;
using RenderFarm.ServiceDefaults.Artifacts;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.ServiceDefaults.ModelStore;
using RenderFarm.Shared;

namespace RenderFarm.Worker.ModelCache;

/// <summary>Brings models of the store to this machine: once, however many slots and workers of the machine ask, and whole or not at all.</summary>
internal sealed partial class ModelFetch(CacheFolder cache, CacheRoom room, RangeFetch ranges, TimeProvider time, ILogger<ModelFetch> logger)
{
    private const int Together = 8;

    /// <summary>The model on this machine, fetched if need be, and kept there until the answer is disposed. Throws a <see cref="ModelFetchException"/> when that cannot be.</summary>
    public async Task<ModelInUse> UseAsync(ModelManifest model, CancellationToken cancellationToken)
    {
        try
        {
            var use = await cache.UseAsync(model.Digest, cancellationToken);
            try
            {
                await BringAsync(model, cancellationToken);
                return new ModelInUse(cache.PlaceOf(model.Digest), use);
            }
            catch
            {
                use.Dispose();
                throw;
            }
        }
        catch (ArtifactStoreException fault)
        {
            throw new ModelFetchException(ErrorClass.Infrastructure, $"The model '{model.Name}' could not be fetched: {fault.Message}{Advice(fault.Fault)}", fault) { IsPassing = fault.Fault == ArtifactFault.Unavailable };
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new ModelFetchException(ErrorClass.Worker, $"The model '{model.Name}' could not be kept in {cache.Path} (Worker:ModelCache): {fault.Message}", fault);
        }
    }

    private static string Advice(ArtifactFault fault) => fault == ArtifactFault.Missing ? " Push the model again." : "";

    private async Task BringAsync(ModelManifest model, CancellationToken cancellationToken)
    {
        if (cache.HasWhole(model))
        {
            return;
        }

        using var changing = await cache.ChangeAsync(cancellationToken);
        cache.Sweep();
        if (cache.Has(model.Digest) && !cache.HasWhole(model))
        {
            LogTorn(model.Name, model.Digest);
            CacheFolder.Delete(cache.PlaceOf(model.Digest));
        }

        // What an earlier process left may be torn, by a power cut or a full disk; what is wrong for the second time is wrong in the store.
        while (!cache.Has(model.Digest) && !await TryBringAsync(model, cancellationToken))
        {
        }
    }

    /// <summary>Fetches what is missing; false when what was there before spoiled it.</summary>
    private async Task<bool> TryBringAsync(ModelManifest model, CancellationToken cancellationToken)
    {
        var start = time.GetTimestamp();
        var folder = cache.PartOf(model.Digest);
        StoredFile? wrong;
        bool wasBegun;
        using (var files = new FilesInParts(folder, model.Files))
        {
            wasBegun = files.Found.Count > 0;
            var missing = files.Missing.Sum(range => (long)range.Bytes);
            room.Make(model.Name, model.Digest, model.Bytes, missing);
            LogFetching(model.Name, model.Digest, missing >> 20, model.Bytes >> 20);
            files.Make();
            wrong = await FetchAsync(model, files, cancellationToken);
            if (wrong is null)
            {
                files.Finish();
                Publish(model, folder);
                LogFetched(model.Name, model.Digest, time.GetElapsedTime(start));
                return true;
            }
        }

        CacheFolder.Delete(folder);
        LogWrong(model.Name, wrong.Path, wrong.Sha256, wasBegun);
        return wasBegun
            ? false
            : throw new ModelFetchException(ErrorClass.Infrastructure, $"The file '{wrong.Path}' of the model '{model.Name}' came from the store with another SHA-256 than {wrong.Sha256}; it was deleted. The store's copy is spoiled: push the model with --again.");
    }

    /// <summary>Fetches ranges together and hashes the files behind them; the answer is a file that is not what it should be.</summary>
    private async Task<StoredFile?> FetchAsync(ModelManifest model, FilesInParts files, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var hashing = Task.Run(() => StopAtWrongAsync(files, stop), CancellationToken.None);
        try
        {
            await Parallel.ForEachAsync(files.Missing, new ParallelOptions { MaxDegreeOfParallelism = Together, CancellationToken = stop.Token }, async (range, token) =>
            {
                room.Require(model.Name, range.Bytes);
                await ranges.RunAsync(model.Files[range.File], range, files.PathOf(range), token);
                files.Add(range);
            });
            return await hashing;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            // A file is wrong: what comes after it need not come.
            return await hashing;
        }
        finally
        {
            await stop.CancelAsync();
            await ((Task)hashing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task<StoredFile?> StopAtWrongAsync(FilesInParts files, CancellationTokenSource stop)
    {
        var wrong = await files.FirstWrongAsync(stop.Token);
        if (wrong is not null)
        {
            await stop.CancelAsync();
        }

        return wrong;
    }

    private void Publish(ModelManifest model, string folder)
    {
        FilesInParts.Flush(ModelFiles.Complete(folder, model.Hashes(), model.Prediction));
        DurableFile.SyncFolder(folder);
        Directory.Move(folder, cache.PlaceOf(model.Digest));
        DurableFile.SyncFolder(cache.Path);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Fetching the model {Model} ({Digest}) from the store: {MissingMiB} of {MiB} MiB")]
    private partial void LogFetching(string model, string digest, long missingMiB, long miB);

    [LoggerMessage(Level = LogLevel.Information, Message = "Fetched the model {Model} ({Digest}) in {Duration}")]
    private partial void LogFetched(string model, string digest, TimeSpan duration);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The fetched model {Model} ({Digest}) lacks a file or a part of one and is fetched anew")]
    private partial void LogTorn(string model, string digest);

    [LoggerMessage(Level = LogLevel.Error, Message = "The file {File} of the model {Model} has another SHA-256 than {Sha256} and was deleted (part of it was fetched before: {WasBegun})")]
    private partial void LogWrong(string model, string file, string sha256, bool wasBegun);
}

/// <summary>A model of the store that lies on this machine, and stays there until this is disposed.</summary>
internal sealed record ModelInUse(string Folder, IDisposable Use) : IDisposable
{
    public void Dispose() => Use.Dispose();
}
