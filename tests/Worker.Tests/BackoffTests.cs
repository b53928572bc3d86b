namespace RenderFarm.Worker.Tests;

public sealed class BackoffTests
{
    [Fact]
    public void Waits_grow_to_their_ceiling_and_differ_between_workers()
    {
        var one = new Backoff(1);
        var other = new Backoff(2);
        var waits = Enumerable.Range(0, 200).Select(_ => one.Next()).ToList();
        Assert.All(waits, wait => Assert.InRange(wait, TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(10.05)));
        Assert.True(waits[0] <= TimeSpan.FromMilliseconds(250));
        Assert.InRange(waits.Skip(10).Average(wait => wait.TotalSeconds), 4, 6);
        Assert.NotEqual(waits[..5], Enumerable.Range(0, 5).Select(_ => other.Next()));
    }
}
