using Microsoft.Extensions.Logging;
using RenderFarm.ServiceDefaults.Artifacts;

namespace RenderFarm.Worker.Uploads;

/// <summary>The way to the artifact store, and whether it works: said once when that changes, not at every try.</summary>
internal sealed partial class StoreLink(IArtifactStore store, WorkerIdentity me, TimeProvider time, ILogger<StoreLink> logger) : IWorkerLoop
{
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private volatile string? _problem = "it was not tried yet";

    /// <summary>Why the store cannot be used; null while it can.</summary>
    public string? Problem => _problem;

    /// <summary>Ends when the store was there for the first time: until then, nothing is rendered that could not be kept.</summary>
    public Task Seen => _seen.Task;

    /// <summary>Stores a picture once; false when the store did not take it, which is nobody's fault.</summary>
    public Task<bool> TryPutAsync(string key, ReadOnlyMemory<byte> image, string contentType, CancellationToken cancellationToken) =>
        TryAsync(() => store.PutAsync(key, image, contentType, cancellationToken), cancellationToken);

    /// <summary>Removes an object once; false when the store did not.</summary>
    public Task<bool> TryDeleteAsync(string key, CancellationToken cancellationToken) => TryAsync(() => store.DeleteAsync(key, cancellationToken), cancellationToken);

    /// <summary>Something else than the store kept a picture from it.</summary>
    public void Failed(string key, Exception reason) => LogFailed(reason, key);

    /// <summary>A sequence of waits of its own for whoever tries again.</summary>
    public Backoff NewBackoff(int lane) => new(me.Epoch + lane);

    public Task PauseAsync(Backoff backoff, CancellationToken cancellationToken) => Task.Delay(backoff.Next(), time, cancellationToken);

    /// <summary>Says at the start what is wrong, not at the first finished picture, and makes a missing bucket.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = NewBackoff(0);
        while (!await TryAsync(() => store.CheckAsync(cancellationToken), cancellationToken))
        {
            await PauseAsync(backoff, cancellationToken);
        }

        _seen.TrySetResult();
        await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken);
    }

    private async Task<bool> TryAsync(Func<Task> attempt, CancellationToken cancellationToken)
    {
        try
        {
            await attempt();
            Note(null);
            return true;
        }
        catch (ArtifactStoreException ex) when (!cancellationToken.IsCancellationRequested)
        {
            Note(ex.Message);
            return false;
        }
    }

    private void Note(string? problem)
    {
        lock (_lock)
        {
            if (problem is null && _problem is not null)
            {
                LogUp();
            }
            else if (problem is not null && (_problem is null || !_seen.Task.IsCompleted && _problem != problem))
            {
                LogAway(problem);
            }

            _problem = problem;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the artifact store; pictures are kept in the spool: {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Key} could not be stored, trying again")]
    private partial void LogFailed(Exception exception, string key);

    [LoggerMessage(Level = LogLevel.Information, Message = "The artifact store is there")]
    private partial void LogUp();
}
