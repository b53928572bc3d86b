using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>
/// Holds the bus back until the broker answers, and says once per reason what it waits for. The bus is then back within a second of its broker;
/// MassTransit's own pauses between attempts grow to half a minute, and after a refused password it never tries again.
/// </summary>
internal sealed partial class BrokerWait(IOptions<BusOptions> options, TimeProvider time, ILogger<BrokerWait> logger) : IBusObserver, IDisposable
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private string? _reason;

    /// <summary>Why the broker cannot be used; null when it can, as far as is known.</summary>
    public string? Reason
    {
        get
        {
            lock (_gate)
            {
                return _reason;
            }
        }
    }

    /// <summary>Returns when a connection to the broker could be made; throws when the bus is stopped meanwhile.</summary>
    public async Task UntilThereAsync()
    {
        while (true)
        {
            try
            {
                await BrokerCheck.CheckAsync(options.Value, _stopping.Token).ConfigureAwait(false);
                Note(null);
                return;
            }
            catch (BusUnavailableException ex)
            {
                Note(ex.Message);
            }

            await Task.Delay(AskEvery, time, _stopping.Token).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public Task PreStop(IBus bus) => _stopping.CancelAsync();

    /// <inheritdoc/>
    public void Dispose() => _stopping.Dispose();

    /// <inheritdoc/>
    public void PostCreate(IBus bus)
    {
    }

    /// <inheritdoc/>
    public void CreateFaulted(Exception exception)
    {
    }

    /// <inheritdoc/>
    public Task PreStart(IBus bus) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PostStart(IBus bus, Task<BusReady> busReady) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartFaulted(IBus bus, Exception exception) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PostStop(IBus bus) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopFaulted(IBus bus, Exception exception) => Task.CompletedTask;

    private void Note(string? reason)
    {
        lock (_gate)
        {
            if (reason == _reason)
            {
                return;
            }

            _reason = reason;
            if (reason is null)
            {
                LogThere();
            }
            else
            {
                LogAway(reason);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Waiting for the broker. {Reason}")]
    private partial void LogAway(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The broker is there")]
    private partial void LogThere();
}
