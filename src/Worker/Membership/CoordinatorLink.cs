using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using RenderFarm.ServiceDefaults.Bus;

namespace RenderFarm.Worker.Membership;

/// <summary>The way to the coordinators. What is posted goes out in order and is kept while the broker is away; posting never waits.</summary>
internal sealed partial class CoordinatorLink(FarmSender sender, WorkerIdentity me, TimeProvider time, ILogger<CoordinatorLink> logger) : IWorkerLoop
{
    private static readonly TimeSpan SendTimeout = TimeSpan.FromSeconds(10);
    private readonly Channel<Func<CancellationToken, Task<bool>>> _outbox = Channel.CreateUnbounded<Func<CancellationToken, Task<bool>>>(new() { SingleReader = true });
    private volatile bool _isUp;
    private bool _hasFailed;

    /// <summary>Whether the last message went out.</summary>
    public bool IsUp => _isUp;

    /// <summary>Sends when it can, after everything posted before.</summary>
    public void Post<T>(T message)
        where T : class => _outbox.Writer.TryWrite(cancellation => TrySendAsync(message, cancellation));

    /// <summary>Waits until everything posted before is with the broker.</summary>
    public Task FlushAsync(CancellationToken cancellationToken)
    {
        var flushed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _outbox.Writer.TryWrite(_ =>
        {
            flushed.TrySetResult();
            return Task.FromResult(true);
        });
        return flushed.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Sends once, now; false when the broker did not take it.</summary>
    public async Task<bool> TrySendAsync<T>(T message, CancellationToken cancellationToken)
        where T : class
    {
        using var timeout = new CancellationTokenSource(SendTimeout, time);
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            await sender.ToCoordinatorAsync(message, limited.Token).WaitAsync(limited.Token);
            Note(isUp: true, typeof(T).Name, "");
            return true;
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            Note(isUp: false, typeof(T).Name, timeout.IsCancellationRequested ? $"no answer within {SendTimeout}" : ex.Message);
            return false;
        }
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var send in _outbox.Reader.ReadAllAsync(cancellationToken))
        {
            var backoff = new Backoff(me.Epoch);
            while (!await send(cancellationToken))
            {
                await Task.Delay(backoff.Next(), time, cancellationToken);
            }
        }
    }

    private void Note(bool isUp, string message, string reason)
    {
        if (!isUp && (_isUp || !_hasFailed))
        {
            LogDown(message, reason);
        }
        else if (isUp && !_isUp && _hasFailed)
        {
            LogUp();
        }

        _hasFailed |= !isUp;
        _isUp = isUp;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Message} did not reach the coordinators, trying again: {Reason}")]
    private partial void LogDown(string message, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The coordinators can be reached again")]
    private partial void LogUp();
}
