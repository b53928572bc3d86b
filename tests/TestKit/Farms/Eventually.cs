using System.Diagnostics;

namespace RenderFarm.TestKit.Farms;

/// <summary>Waits for a condition of another process, which can only be asked for.</summary>
public static class Eventually
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until the answer satisfies; fails with the last answer and what <paramref name="explain"/> adds.</summary>
    public static async Task<T> IsAsync<T>(Func<Task<T>> ask, Func<T, bool> satisfies, TimeSpan within, Func<string>? explain, CancellationToken cancellationToken)
    {
        var start = Stopwatch.GetTimestamp();
        object? last = null;
        using var timer = new PeriodicTimer(AskEvery);
        do
        {
            try
            {
                var answer = await ask();
                if (satisfies(answer))
                {
                    return answer;
                }

                last = answer;
            }
            catch (Exception ex) when (!cancellationToken.IsCancellationRequested)
            {
                last = ex.Message;
            }
        }
        while (Stopwatch.GetElapsedTime(start) < within && await timer.WaitForNextTickAsync(cancellationToken));

        throw new TimeoutException($"Not within {within}; last seen: {last}\n{explain?.Invoke()}");
    }
}
