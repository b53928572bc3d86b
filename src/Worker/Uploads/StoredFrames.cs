using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Worker.Uploads;

/// <summary>Stores the frames' images and removes those that nobody wants, for as long as the store needs to be there again.</summary>
internal sealed partial class StoredFrames(IArtifactStore store, WorkerIdentity me, TimeProvider time, ILogger<StoredFrames> logger) : IWorkerLoop
{
    // What is not removed by then stays for the coordinators' sweep of unreferenced objects.
    private const int MaxDeletes = 5;
    private readonly Channel<string> _unwanted = Channel.CreateUnbounded<string>(new() { SingleReader = true });

    /// <summary>Stores an object; tries again until it is stored or the token fires, because a store that is away is nobody's fault.</summary>
    public async Task PutAsync(string key, ReadOnlyMemory<byte> image, string contentType, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(me.Epoch ^ key.GetHashCode(StringComparison.Ordinal));
        for (var tries = 1; ; tries++)
        {
            try
            {
                await store.PutAsync(key, image, contentType, cancellationToken);
                return;
            }
            catch (ArtifactStoreException ex)
            {
                var wait = backoff.Next();
                LogNotStored(key, tries, wait, ex.Message);
                await Task.Delay(wait, time, cancellationToken);
            }
        }
    }

    /// <summary>Removes an object of this worker when it can.</summary>
    public void Discard(string key) => _unwanted.Writer.TryWrite(key);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await CheckAsync(cancellationToken);
        await foreach (var key in _unwanted.Reader.ReadAllAsync(cancellationToken))
        {
            await DeleteAsync(key, cancellationToken);
        }
    }

    // Says at the start what is wrong, not at the first finished frame, and makes a missing bucket.
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var backoff = new Backoff(me.Epoch);
        while (true)
        {
            try
            {
                await store.CheckAsync(cancellationToken);
                return;
            }
            catch (ArtifactStoreException ex)
            {
                LogNotReady(ex.Message);
                await Task.Delay(backoff.Next(), time, cancellationToken);
            }
        }
    }

    private async Task DeleteAsync(string key, CancellationToken cancellationToken)
    {
        var backoff = new Backoff(me.Epoch);
        for (var tries = 1; tries <= MaxDeletes; tries++)
        {
            try
            {
                await store.DeleteAsync(key, cancellationToken);
                LogDiscarded(key);
                return;
            }
            catch (ArtifactStoreException ex)
            {
                LogNotDiscarded(key, tries, ex.Message);
                await Task.Delay(backoff.Next(), time, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The artifact store is not ready: {Reason}")]
    private partial void LogNotReady(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key} could not be stored (try {Tries}), again in {Wait}: {Reason}")]
    private partial void LogNotStored(string key, int tries, TimeSpan wait, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Key}, which nobody wants any more")]
    private partial void LogDiscarded(string key);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Key} could not be removed (try {Tries}): {Reason}")]
    private partial void LogNotDiscarded(string key, int tries, string reason);
}
