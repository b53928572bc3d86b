using System.Security.Cryptography;
using RenderFarm.Diffusion;
using RenderFarm.ServiceDefaults.Disk;
using RenderFarm.Shared.Protocol;

namespace RenderFarm.Worker.Rendering;

/// <summary>Encodes pictures and leaves them in their rows' files.</summary>
internal static class PictureFiles
{
    private const int AtATime = 4;

    /// <summary>Writes and reports the rows; one that cannot be written is the disk's or the worker's fault.</summary>
    public static void Write(RenderWork work, IReadOnlyList<(int Row, RenderedImage Image)> pictures, TimeSpan perPicture, RowReports reports)
    {
        var written = new (int Row, RenderedPicture Picture)?[pictures.Count];
        Parallel.For(0, pictures.Count, new ParallelOptions { MaxDegreeOfParallelism = AtATime }, at =>
        {
            var (row, image) = pictures[at];
            OrFault([row], reports, () => written[at] = (row, Write(work.OfferOf(row), work.Rows[row], image, perPicture)));
        });

        // A picture counts as written when its folder is synced too; the rows of a batch share that.
        foreach (var ofFolder in written.OfType<(int Row, RenderedPicture Picture)>().GroupBy(one => Path.GetDirectoryName(work.Rows[one.Row].File)!))
        {
            OrFault(ofFolder.Select(one => one.Row), reports, () => DurableFile.SyncFolder(ofFolder.Key));
            foreach (var (row, picture) in ofFolder)
            {
                reports.Picture(row, picture);
            }
        }
    }

    private static RenderedPicture Write(LeaseOffered offer, RenderRow row, RenderedImage image, TimeSpan perPicture)
    {
        using var stream = new MemoryStream();
        image.Write(stream, PictureFile.Of(offer.Output), PictureText.Of(offer, row.Frame, image));
        var bytes = stream.GetBuffer().AsSpan(0, (int)stream.Length);
        DurableFile.Write(row.File, bytes);
        return new RenderedPicture(image.Request.Seed, Convert.ToHexStringLower(SHA256.HashData(bytes)), bytes.Length, image.Width, image.Height, image.Score, perPicture);
    }

    private static void OrFault(IEnumerable<int> rows, RowReports reports, Action write)
    {
        try
        {
            write();
        }
        catch (IOException ex)
        {
            reports.Fault(rows, RowFault.OfDisk(ex.Message));
        }
        catch (Exception ex)
        {
            reports.Fault(rows, RowFault.OfWorker($"The picture could not be encoded or written: {ex.Message}"));
        }
    }
}
