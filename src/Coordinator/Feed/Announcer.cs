using System.Collections.Concurrent;
using System.Threading.Channels;
using RenderFarm.ServiceDefaults.Bus;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Coordinator.Feed;

/// <summary>Tells this process at once and the other coordinators soon that something changed. Never waits for the broker: what cannot be told is looked up.</summary>
internal sealed partial class Announcer(FarmFeed feed, FarmSender sender, TimeProvider time, ILogger<Announcer> logger) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Of a job that changes a hundred times a second the others hear ten times.
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private const int SideBySide = 64;

    private readonly ConcurrentDictionary<object, object> _waiting = new();
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A job, or a frame of it, changed.</summary>
    public void Announce(JobChanged change)
    {
        feed.Notify(change);
        Queue(change.JobId, change);
    }

    /// <summary>A worker changed.</summary>
    public void Announce(WorkersChanged change)
    {
        feed.Notify(change);
        Queue(change.Worker, change);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var _ in _signal.Reader.ReadAllAsync(stoppingToken))
        {
            foreach (var keys in _waiting.Keys.Chunk(SideBySide))
            {
                await Task.WhenAll(keys.Select(key => _waiting.TryRemove(key, out var message) ? SendAsync(message, stoppingToken) : Task.CompletedTask));
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    private void Queue(object key, object message)
    {
        _waiting[key] = message;
        _signal.Writer.TryWrite(true);
    }

    private async Task SendAsync(object message, CancellationToken stoppingToken)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, patience.Token);
        try
        {
            await (message switch
            {
                JobChanged job => sender.AnnounceAsync(job, either.Token),
                WorkersChanged worker => sender.AnnounceAsync(worker, either.Token),
                _ => throw new InvalidOperationException($"Not announced: {message.GetType().Name}."),
            });
        }
        catch (Exception ex)
        {
            LogNotAnnounced(message.GetType().Name, ex.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Message} was not announced to the other coordinators: {Reason}")]
    private partial void LogNotAnnounced(string message, string reason);
}
