namespace RenderFarm.Worker;

/// <summary>Endless loops that run side by side as one.</summary>
internal static class Lanes
{
    /// <summary>Runs them until the first ends; the others are stopped then, and its fault is told. One that stayed behind alone would be missed by nobody.</summary>
    public static async Task RunAsync(IEnumerable<Func<CancellationToken, Task>> lanes, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = lanes.Select(lane => lane(stop.Token)).ToList();
        var first = await Task.WhenAny(running);
        await stop.CancelAsync();
        await Task.WhenAll(running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await first;
    }
}
