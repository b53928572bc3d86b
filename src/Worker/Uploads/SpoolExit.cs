using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Uploads;

/// <summary>How pictures leave the spool: a committed one at once, one that nobody wants after its object is gone from the store.</summary>
internal sealed partial class SpoolExit(PictureSpool spool, StoreLink store, ILogger<SpoolExit> logger) : IWorkerLoop
{
    private readonly Channel<SpooledPicture> _unwanted = Channel.CreateUnbounded<SpooledPicture>(new() { SingleReader = true });

    /// <summary>Its object is the farm's now.</summary>
    public void Committed(SpooledPicture picture) => spool.Remove(picture);

    /// <summary>Its object, if there is one, goes as soon as the store lets it; until then the file stays, so that a later process knows of it.</summary>
    public void Discard(SpooledPicture picture) => _unwanted.Writer.TryWrite(picture);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var backoff = store.NewBackoff(-1);
        await foreach (var picture in _unwanted.Reader.ReadAllAsync(cancellationToken))
        {
            if (await store.TryDeleteAsync(picture.Key, cancellationToken))
            {
                spool.Remove(picture);
                LogDiscarded(picture.Key);
                backoff = store.NewBackoff(-1);
            }
            else
            {
                Discard(picture);
                await store.PauseAsync(backoff, cancellationToken);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Key}, which nobody wants any more")]
    private partial void LogDiscarded(string key);
}
