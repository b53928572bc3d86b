using Microsoft.EntityFrameworkCore;

namespace RenderFarm.Coordinator.Database;

/// <summary>Runs a unit again whose connection broke or that did not get a lock in time. Only for units that may take effect twice: nobody knows whether a broken connection's commit did.</summary>
internal static class Repeat
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(400)];

    /// <summary>Runs it up to four times in about half a second.</summary>
    public static async Task<T> WhilePassingAsync<T>(this IDbContextFactory<FarmDb> databases, Func<Task<T>> unit, CancellationToken cancellationToken)
    {
        foreach (var pause in Pauses)
        {
            try
            {
                return await unit();
            }
            catch (Exception fault) when (DatabaseFaults.IsPassing(fault) && !cancellationToken.IsCancellationRequested)
            {
                if (DatabaseFaults.IsBroken(fault))
                {
                    (databases as FarmDbFactory)?.DropIdle();
                }
            }

            await Task.Delay(pause, TimeProvider.System, cancellationToken);
        }

        return await unit();
    }
}
