using System.Diagnostics;

namespace RenderFarm.Diffusion.Runtime;

/// <summary>The time that was spent in runs of networks.</summary>
internal sealed class RunClock
{
    private long _ticks;

    public TimeSpan Elapsed => Stopwatch.GetElapsedTime(0, Interlocked.Read(ref _ticks));

    /// <summary>Adds the time since a timestamp.</summary>
    public void Add(long since) => Interlocked.Add(ref _ticks, Stopwatch.GetTimestamp() - since);
}
