using RenderFarm.Coordinator.Jobs;

namespace RenderFarm.Coordinator.Scheduling;

/// <summary>How many frames one lease holds: seconds of work, so that database and broker cost little per image, but no worker idles while another holds the tail.</summary>
internal static class LeaseSize
{
    private static readonly TimeSpan Work = TimeSpan.FromSeconds(4);

    /// <summary>Frames for a lease.</summary>
    /// <param name="waiting">Frames of the span that wait.</param>
    /// <param name="backlog">Frames that these slots have to share, those of the span among them.</param>
    /// <param name="frameTime">Render time of a frame as far as one can tell; null when nothing like it was rendered yet.</param>
    /// <param name="batchSize">Frames of a batch of the worker.</param>
    /// <param name="slots">Slots of all workers that could take some of them.</param>
    /// <returns>At least 1, at most <paramref name="waiting"/>, and whole batches where that much waits.</returns>
    public static int For(long waiting, long backlog, TimeSpan? frameTime, int batchSize, int slots)
    {
        var byTime = frameTime is { } time ? Work / time : batchSize;
        // Two leases a slot: one is rendered while the next is at hand.
        var fair = Math.Ceiling(backlog / (2.0 * Math.Max(slots, 1)));
        var count = Math.Clamp(Math.Min(byTime, fair), 1, OfferSize.MaxFrames);
        var batches = Math.Max(1, Math.Round(count / batchSize));
        return (int)Math.Min(waiting, Math.Min(batches * batchSize, OfferSize.MaxFrames));
    }
}
