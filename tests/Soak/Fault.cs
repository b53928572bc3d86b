namespace RenderFarm.Soak;

/// <summary>Something that goes wrong for a while.</summary>
/// <param name="Kind">What, for the report.</param>
/// <param name="Target">What it hits; nothing else hits it meanwhile.</param>
/// <param name="Length">How long at most.</param>
/// <param name="Begin">Makes it happen.</param>
/// <param name="End">Ends it.</param>
internal sealed record Fault(string Kind, string Target, TimeSpan Length, Func<CancellationToken, Task> Begin, Func<Task> End)
{
    /// <summary>Begins, waits and ends; told to heal, it ends at once.</summary>
    public async Task RunAsync(CancellationToken heal)
    {
        try
        {
            await Begin(heal);
            await Task.Delay(Length, heal);
        }
        catch (OperationCanceledException) when (heal.IsCancellationRequested)
        {
        }
        finally
        {
            await End();
        }
    }
}
