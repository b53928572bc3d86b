using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>How many frames one lease holds: seconds of work, so that database and broker cost little per image, but no worker idles while another holds the tail.</summary>
internal static class LeaseSize
{
    private static readonly TimeSpan Work = TimeSpan.FromSeconds(4);

    /// <summary>Frames for a lease.</summary>
    /// <param name="waiting">Frames that wait.</param>
    /// <param name="frameTime">Mean render time of a frame; null when none was rendered yet.</param>
    /// <param name="batchSize">Frames of a batch of the worker.</param>
    /// <param name="slots">Slots of all workers that could take some of them.</param>
    /// <returns>At least 1, at most <paramref name="waiting"/>, and whole batches where that much waits.</returns>
    public static int For(long waiting, TimeSpan? frameTime, int batchSize, int slots)
    {
        var byTime = frameTime is { } time && time > TimeSpan.Zero ? Work / time : batchSize;
        // Two leases a slot: one is rendered while the next is at hand.
        var fair = Math.Ceiling(waiting / (2.0 * Math.Max(slots, 1)));
        var count = Math.Clamp(Math.Min(byTime, fair), 1, OfferSize.MaxFrames);
        var batches = Math.Max(1, Math.Round(count / batchSize));
        return (int)Math.Min(waiting, Math.Min(batches * batchSize, OfferSize.MaxFrames));
    }
}
