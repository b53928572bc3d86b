using Microsoft.Extensions.Logging;

namespace RenderFarm.ServiceDefaults.Bus;

/// <summary>Handles many events in one go, and keeps one that cannot be handled from taking the others down with it.</summary>
public sealed partial class EventBatches(FarmSender sender, ILogger<EventBatches> logger)
{
    /// <summary>Handles them together; when that fails for a reason that does not pass by itself, one by one, and those that fail again are set aside.</summary>
    public async Task HandleAsync<T>(IReadOnlyList<T> events, Func<IReadOnlyList<T>, Task> handle, Func<Exception, bool> passes, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await handle(events);
        }
        catch (Exception fault) when (!passes(fault) && !cancellationToken.IsCancellationRequested)
        {
            foreach (var one in events)
            {
                await HandleAsync(one, handle, passes, cancellationToken);
            }
        }
    }

    private async Task HandleAsync<T>(T one, Func<IReadOnlyList<T>, Task> handle, Func<Exception, bool> passes, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            await handle([one]);
        }
        catch (Exception fault) when (!passes(fault) && !cancellationToken.IsCancellationRequested)
        {
            LogParked(typeof(T).Name, fault);
            await sender.ParkAsync(one, cancellationToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Message} could not be made use of and is set aside in farm.events.parked")]
    private partial void LogParked(string message, Exception fault);
}
