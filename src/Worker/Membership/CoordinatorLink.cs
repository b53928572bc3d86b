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
    private volatile string? _problem;
    private bool _hasFailed;

    /// <summary>Whether the last message went out.</summary>
    public bool IsUp => _isUp;

    /// <summary>Why the last message did not; null when it did.</summary>
    public string? Problem => _problem;

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
            Note(typeof(T).Name, null);
            return true;
        }
        catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
        {
            Note(typeof(T).Name, ex switch
            {
                QueueMissingException => "No coordinator has been on this broker yet; start one.",
                _ when timeout.IsCancellationRequested => $"The broker of Bus:Uri did not take it within {SendTimeout}.",
                _ => ex.Message,
            });
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

    private void Note(string message, string? problem)
    {
        if (problem is not null && (_isUp || !_hasFailed))
        {
            LogDown(message, problem);
        }
        else if (problem is null && !_isUp && _hasFailed)
        {
            LogUp();
        }

        _hasFailed |= problem is not null;
        _isUp = problem is null;
        _problem = problem;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Message} did not reach the coordinators, trying again: {Reason}")]
    private partial void LogDown(string message, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The coordinators can be reached again")]
    private partial void LogUp();
}
