using RenderFarm.Coordinator.Ledger;
using RenderFarm.Shared;

namespace RenderFarm.Coordinator.Tests.Ledger.Walks;

internal sealed partial class LedgerModel
{
    /// <summary>Every frame is in exactly the place that the model says, every counter is right, and spans have not crumbled.</summary>
    public void Compare(IReadOnlyCollection<Guid> jobs, WalkedRows rows, bool isThorough)
    {
        Assert.Equal(jobs.Count, rows.Jobs.Count);
        var (spans, leases, frames) = (rows.Spans.ToLookup(span => span.JobId), rows.Leases.ToLookup(lease => lease.JobId), rows.Frames.ToLookup(frame => frame.JobId));
        foreach (var stored in rows.Jobs)
        {
            var job = Jobs[stored.Id];
            var counts = job.Frames.GroupBy(frame => frame.State).ToDictionary(group => group.Key, group => (long)group.Count());
            Assert.Equal(
                (job.State, counts.GetValueOrDefault(FrameState.Rendered), counts.GetValueOrDefault(FrameState.Failed), counts.GetValueOrDefault(FrameState.Quarantined), counts.GetValueOrDefault(FrameState.Cancelled)),
                (stored.State, stored.Rendered, stored.Failed, stored.Quarantined, stored.Cancelled));
            var places = new (FrameState State, Guid By, Strikes Strikes)?[stored.FrameCount];
            // A frame that a live lease has committed lies inside that lease's range.
            foreach (var lease in leases[stored.Id])
            {
                Fill(places, lease.First, lease.Count, (FrameState.Rendering, lease.AttemptId, lease.Strikes));
            }

            foreach (var frame in frames[stored.Id])
            {
                if (places[frame.Index] is { } place)
                {
                    Assert.Equal(frame.AttemptId, place.By);
                    places[frame.Index] = null;
                }

                Fill(places, frame.Index, 1, (frame.State, frame.AttemptId, default));
            }

            Span? before = null;
            foreach (var span in spans[stored.Id].OrderBy(span => span.First))
            {
                Assert.False(before?.End == span.First && before.Strikes == span.Strikes, "Two spans are one.");
                Assert.Equal(Span.RankOf(stored), span.Rank);
                Fill(places, span.First, span.Count, (FrameState.Waiting, default, span.Strikes));
                before = span;
            }

            foreach (var frame in job.Frames)
            {
                Assert.Equal(Expected(frame), places[frame.Index]);
            }
        }

        if (isThorough)
        {
            Assert.Equal(
                Attempts.Values.Where(attempt => !attempt.IsLive && jobs.Contains(attempt.Offer.JobId)).Select(attempt => (attempt.Offer.AttemptId, attempt.Outcome!.Value, attempt.Rendered)).Order(),
                rows.Attempts.Select(attempt => (attempt.AttemptId, attempt.Outcome, attempt.Rendered)).Order());
        }
    }

    private static (FrameState, Guid, Strikes)? Expected(ModelFrame frame) => frame.State switch
    {
        FrameState.Waiting => (frame.State, default, frame.Strikes),
        FrameState.Rendering => (frame.State, frame.By, frame.Strikes),
        FrameState.Cancelled => null,
        _ => (frame.State, frame.By, default),
    };

    private static void Fill((FrameState, Guid, Strikes)?[] places, long first, long count, (FrameState, Guid, Strikes) place)
    {
        for (var index = first; index < first + count; index++)
        {
            Assert.Null(places[index]);
            places[index] = place;
        }
    }
}
