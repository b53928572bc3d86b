namespace RenderFarm.Worker.Tests;

public sealed class LanesTests
{
    [Fact]
    public async Task The_first_lane_that_throws_stops_the_others_and_is_told_when_they_have_ended()
    {
        var (fault, isStopped, mayEnd) = (new TaskCompletionSource(), new TaskCompletionSource(), new TaskCompletionSource());
        var lanes = Lanes.RunAsync([_ => fault.Task, StaysAsync], TestContext.Current.CancellationToken);
        Assert.False(lanes.IsCompleted);

        fault.SetException(new InvalidOperationException("lane 1"));
        await isStopped.Task.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.False(lanes.IsCompleted);

        mayEnd.SetResult();
        Assert.Equal("lane 1", (await Assert.ThrowsAsync<InvalidOperationException>(() => lanes)).Message);

        async Task StaysAsync(CancellationToken stop)
        {
            await using var stopping = stop.Register(() => isStopped.TrySetResult());
            await isStopped.Task;
            await mayEnd.Task;
            stop.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task Lanes_end_with_the_loop_that_they_are()
    {
        using var stop = new CancellationTokenSource();
        var lanes = Lanes.RunAsync([EndlessAsync, EndlessAsync], stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lanes);

        static Task EndlessAsync(CancellationToken stop) => Task.Delay(Timeout.InfiniteTimeSpan, stop);
    }
}
