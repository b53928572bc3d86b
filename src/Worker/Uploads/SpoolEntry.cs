using RenderFarm.Shared;
using RenderFarm.Worker.Leases;
using RenderFarm.Worker.Rendering;
using RenderFarm.Worker.Spool;

namespace RenderFarm.Worker.Uploads;

/// <summary>How pictures come into the spool: a place for each row of a batch, which its picture fills, or which is released.</summary>
internal sealed class SpoolEntry(PictureSpool spool, SpoolRoom room, FrameUploads uploads, HeldLeases leases)
{
    /// <summary>The files in which a renderer leaves the rows' pictures.</summary>
    public IReadOnlyList<string> Places(IReadOnlyList<BatchRow> rows) => [.. rows.Select(row => spool.Place(row.Lease.Offer, row.Frame.Index))];

    /// <summary>The row's picture lies in its place.</summary>
    public void Fill(BatchRow row, RenderedPicture picture)
    {
        try
        {
            var facts = new PictureFacts(picture.Seed, picture.Sha256, picture.Bytes, picture.Width, picture.Height, (int)picture.RenderTime.TotalMilliseconds);
            var spooled = spool.Fill(row.Lease.Offer, row.Frame.Index, facts);
            leases.Spool(row.Lease);
            uploads.Add(spooled);
            room.CheckSpool();
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            Release(row);
            leases.GiveUp(row.Lease, [row.Frame.Index], Refused(ex));
        }
    }

    /// <summary>The row has no picture.</summary>
    public void Release(BatchRow row) => spool.Release(row.Lease.Offer, row.Frame.Index);

    /// <summary>The disk refused: the worker takes no more until it writes again, and nobody is to blame.</summary>
    public LeaseEnding Refused(Exception reason)
    {
        room.Failed(reason.Message);
        return new LeaseEnding(AttemptOutcome.Failed, ErrorClass.Infrastructure, $"The picture could not be written to the spool: {reason.Message}");
    }
}
