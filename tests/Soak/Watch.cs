using System.Collections.Concurrent;

namespace RenderFarm.Soak;

/// <summary>Starts processes again that ended by themselves, as a service of the system would, and remembers them.</summary>
internal sealed class Watch(SoakFarm farm, Func<string, bool> isHit)
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    /// <summary>What fell, with the end of what it printed.</summary>
    public ConcurrentQueue<string> Fallen { get; } = [];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Every);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                foreach (var member in farm.Members.Where(member => member.HasFallen && !isHit(member.Name)))
                {
                    Fallen.Enqueue($"{member.Name} ended by itself: {await member.ForgetAsync()}");
                    member.Start();
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }
}
